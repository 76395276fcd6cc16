"""RPCs of other plugins, on the port of the gRPC transport: answers, errors, metadata."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from seldon_runtime.plugin import Observer
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService

from . import hello
from .hello_client import Client, Shout

PAGE = Path(__file__).parents[3] / "docs" / "reference/grpc.md"


def test_observers_see_its_calls(serve):
    class Observing(Observer):
        def call_finished(self, call, outcome):
            seen.append((call.transport, call.target, outcome.status, outcome.response_bytes))

    seen = []
    served = serve(Shout(), contributed=[hello.HELLO])
    served.service.attach([Observing()])
    assert Client(served.target).greet("x") == "hello X"
    assert seen == [("grpc", "/acme.Hello/Greet", "OK", 9)]


@pytest.mark.parametrize("threads", [None, 4])
def test_an_rpc_may_answer_or_refuse_without_the_component(serve_hello, threads):
    client = serve_hello(grpc_threads=threads)
    assert client.greet("x") == "hello X"
    assert client.start("", "Ping").result(WAIT_S) == b""
    refused = client.start("", "Secret", metadata=[("x-request-id", "r-1")])
    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert dict(refused.trailing_metadata()) == {
        "x-seldon-reason": "MICROSERVICE_UNAUTHENTICATED",
        "x-request-id": "r-1",
        "www-authenticate": "Bearer",
    }


@pytest.mark.parametrize("threads", [None, 4])
def test_a_faulty_rpc_fails_its_own_calls_only_and_is_logged(serve_hello, threads, caplog):
    client = serve_hello(grpc_threads=threads)
    assert client.code("Broken") is grpc.StatusCode.INTERNAL
    assert "cannot start a call of /acme.Hello/Broken" in caplog.text
    assert "a fault of the plugin" in caplog.text
    assert client.greet("x") == "hello X"


def test_a_request_has_its_metadata_deadline_and_id(serve_hello):
    seen = []

    def begin(request, context):
        seen.append((request, context))
        return b""

    client = serve_hello(GrpcService("acme.Hello", {"Greet": GrpcMethod(begin)}))
    states = [("tracestate", "a=1"), ("tracestate", "b=2")]
    metadata = [("user", "me"), ("token-bin", b"\x00"), ("x-request-id", "r-1"), *states]
    client.start("x", metadata=metadata).result(WAIT_S)
    (request, context) = seen[0]
    assert request == hello.Greeting(text="x").SerializeToString()
    assert context.target == "/acme.Hello/Greet"
    assert context.headers["user"] == "me"
    assert context.headers["token-bin"] == "AA=="
    assert context.headers["tracestate"] == "a=1, b=2"
    assert context.request_id == "r-1"
    assert context.client.startswith("ipv4:127.0.0.1:")
    call = context.call(hello.Method.PREDICT, request, hello.CODEC)
    assert (call.transport, call.request_bytes, call.deadline) == ("grpc", len(request), context.deadline)
    assert call.deadline is not None
    assert call.client == context.client  # looked up when it is read, without an access log
    call.client = "somebody"
    assert call.client == "somebody"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation stands in the repository only")
def test_the_documented_example_is_served(serve_hello):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (code,) = [block for block in blocks if "hookimpl" in block]
    names: dict[str, Any] = {}
    exec(code, names)
    client = serve_hello(names["seldon_grpc_services"](None, None))
    answer = client.channel.unary_unary("/acme.Hello/Greet")(StringValue(value="x").SerializeToString())
    assert StringValue.FromString(answer).value == "X"
