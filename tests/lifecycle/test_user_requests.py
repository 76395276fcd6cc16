"""User code sees the request of its call, and adds headers to the response, over every transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

Start = Callable[..., Any]

SEEING = """
import threading
import seldon_runtime

class Seeing:
    def load(self):
        assert seldon_runtime.request() is None

    def predict(self, X, features_names):
        request = seldon_runtime.request()
        in_a_thread = []
        thread = threading.Thread(target=lambda: in_a_thread.append(seldon_runtime.request()))
        thread.start()
        thread.join()
        assert in_a_thread == [None]
        host, port = request.client
        return {
            "transport": request.transport, "path": request.path, "id": request.id,
            "tenant": request.headers["X-TENANT"], "absent": request.headers.get("X-Absent"),
            "lower": "x-tenant" in list(request.headers), "host": host, "port": port > 0,
        }
"""
ANSWERING = """
from seldon_runtime import Response

class Answering:
    def predict(self, X, features_names):
        return Response(X, headers={"X-Model-Version": "7", "Cache-Control": "no-store"})

    def transform_input(self, X, features_names):
        return Response(X, headers={"X-Bad": "a\\r\\nSet-Cookie: b"})

    def transform_output(self, X, features_names):
        return Response(X, headers=["X-Bad"])
"""


@pytest.mark.parametrize("words", [(), ("--access-log",)], ids=["quiet", "access log"])
def test_a_method_sees_the_request_over_each_transport(seldon_run: Start, words: tuple[str, ...]) -> None:
    server = seldon_run("Seeing", "REST,GRPC", *words, source=SEEING)
    seen = server.post("/predict", {"strData": "x"}, {"X-Tenant": "acme", "X-Request-Id": "r1"}).json[
        "jsonData"
    ]
    same = {"id": "r1", "tenant": "acme", "absent": None, "lower": True, "host": "127.0.0.1", "port": True}
    assert seen == {**same, "transport": "rest", "path": "/predict"}
    with server.grpc_client() as client:
        metadata = [("x-tenant", "acme"), ("x-request-id", "r1")]
        answer = client.call("Model/Predict", SeldonMessage(strData="x"), metadata).jsonData.struct_value
    assert dict(answer) == {**same, "transport": "grpc", "path": "/seldon.protos.Model/Predict"}


def test_a_response_carries_headers_over_each_transport(seldon_run: Start) -> None:
    server = seldon_run("Answering", "REST,GRPC", source=ANSWERING)
    answer = server.post("/predict", {"strData": "x"})
    assert (answer.headers["x-model-version"], answer.headers["cache-control"]) == ("7", "no-store")
    with server.grpc_client() as client:
        predict = client.channel.unary_unary("/seldon.protos.Model/Predict")
        _, call = predict.with_call(SeldonMessage(strData="x").SerializeToString(), timeout=WAIT_S)
        trailing = dict(call.trailing_metadata())
    assert (trailing["x-model-version"], trailing["cache-control"]) == ("7", "no-store")


@pytest.mark.parametrize(
    ("method", "message"), [("input", "expected a text without line breaks"), ("output", "expected a dict")]
)
def test_headers_that_are_none_are_the_components_fault(seldon_run: Start, method: str, message: str) -> None:
    server = seldon_run("Answering", "REST,GRPC", source=ANSWERING)
    answer = server.post(f"/transform-{method}", {"strData": "x"})
    assert answer.status == 500
    assert message in answer.info
    assert "set-cookie" not in answer.headers
    with server.grpc_client() as client, pytest.raises(grpc.RpcError, match=message):
        client.call(f"Generic/Transform{method.title()}", SeldonMessage(strData="x"))


@pytest.mark.parametrize("path", ["//predict", "///api/v1.0//predictions", "/api//v0.1/predictions"])
def test_repeated_slashes_of_a_path_are_one(seldon_run: Start, path: str) -> None:
    source = "class Echo:\n    def predict(self, X, names):\n        return X\n"
    server = seldon_run("Echo", "REST", source=source)
    assert server.post(path, {"strData": "x"}).json["strData"] == "x"
    assert server.get("//health/ping").text == "pong"
    assert server.post("//nothing", {"strData": "x"}).status == 404
    assert server.post(f"{path}/", {"strData": "x"}).status == 404
