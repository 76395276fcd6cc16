"""Clients of a served graph that want an error: its text, over each protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import grpc

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.messages import Feedback, SeldonMessage
from seldon_runtime_v2.grpc.protos.inference_pb2 import (
    ModelInferRequest,
    ModelInferResponse,
    ModelStreamInferResponse,
)

JSON = "application/json"
Error = tuple[int | str, str]
"""The status and the text of an error."""


def by_rest(serving: Any, root: str, value: float = 1.0, **headers: str) -> Error:
    """Send one row by the v1 protocol over REST."""
    status, answer = _posted(serving, "/api/v1.0/predictions", {"data": {"ndarray": [[value]]}}, headers)
    return status, answer["status"]["info"]


def by_v2_rest(serving: Any, root: str, value: float = 1.0) -> Error:
    """Send one row by V2 over REST."""
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 1], "data": [value]}
    status, answer = _posted(serving, f"/v2/models/{root}/infer", {"inputs": [tensor]}, {})
    return status, answer["error"]


def by_grpc(serving: Any, root: str, value: float = 1.0) -> Error:
    """Send one row by the v1 protocol over gRPC."""
    request = SeldonMessage()
    request.data.ndarray.values.add().list_value.values.add().number_value = value
    return _called(serving, "/seldon.protos.Seldon/Predict", request, SeldonMessage)


def by_v2_grpc(serving: Any, root: str, value: float = 1.0) -> Error:
    """Send one row by V2 over gRPC."""
    request = ModelInferRequest(model_name=root)
    request.inputs.add(name="x", datatype="FP64", shape=[1, 1]).contents.fp64_contents.append(value)
    return _called(serving, "/inference.GRPCInferenceService/ModelInfer", request, ModelInferResponse)


def feedback_by_rest(serving: Any, root: str, **headers: str) -> Error:
    """Send a reward over REST."""
    status, answer = _posted(serving, "/api/v1.0/feedback", {"reward": 1.0}, headers)
    return status, answer["status"]["info"]


def feedback_by_grpc(serving: Any, root: str) -> Error:
    """Send a reward over gRPC."""
    return _called(serving, "/seldon.protos.Seldon/SendFeedback", Feedback(reward=1.0), SeldonMessage)


def stream_by_rest(serving: Any, root: str) -> Error:
    """Send a text by the v1 protocol over REST, for a stream; return its first line, an error."""
    status, line = _streamed(serving, "/api/v1.0/predictions", {"strData": "x"}, "application/x-ndjson")
    return status, json.loads(line)["status"]["info"]


def stream_by_grpc(serving: Any, root: str) -> Error:
    """Send a text by the v1 protocol over gRPC, for a stream that ends with an error."""
    request = SeldonMessage(strData="x")
    return _called_for_stream(serving, "/seldon.protos.Seldon/PredictStream", request, SeldonMessage)


def stream_by_v2_rest(serving: Any, root: str) -> Error:
    """Send a text by V2 over REST, for a stream; return its first event, an error."""
    path = f"/v2/models/{root}/generate_stream"
    status, line = _streamed(serving, path, {"text_input": "x"}, "text/event-stream")
    return status, json.loads(line.removeprefix("data:"))["error"]


def stream_by_v2_grpc(serving: Any, root: str) -> Error:
    """Send a text by V2 over gRPC, for a stream whose first message is an error."""
    request = ModelInferRequest(model_name=root)
    request.inputs.add(name="x", datatype="BYTES", shape=[1]).contents.bytes_contents.append(b"x")
    method = "/inference.GRPCInferenceService/ModelStreamInfer"
    status, message = _called_for_stream(serving, method, request, ModelStreamInferResponse)
    return status, getattr(message, "error_message", message)


WAYS: tuple[Callable[..., Error], ...] = (by_rest, by_grpc, by_v2_rest, by_v2_grpc)
STREAMS: tuple[Callable[..., Error], ...] = (
    stream_by_rest,
    stream_by_grpc,
    stream_by_v2_rest,
    stream_by_v2_grpc,
)


def _posted(serving: Any, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(serving.addresses["rest"]).netloc, timeout=WAIT_S)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", path, json.dumps(body), {"Content-Type": JSON, **given})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def _called(serving: Any, method: str, request: Any, answer: Any) -> Error:
    with grpc.insecure_channel(serving.addresses["grpc"].removeprefix("grpc://")) as channel:
        call = channel.unary_unary(method, lambda message: message.SerializeToString(), answer.FromString)
        try:
            return "OK", str(call(request, timeout=WAIT_S))
        except grpc.RpcError as error:
            return error.code().name, error.details()


def _streamed(serving: Any, path: str, body: Any, wanted: str) -> tuple[int, str]:
    """Return the status and the first line of a response that is a stream."""
    connection = HTTPConnection(urlsplit(serving.addresses["rest"]).netloc, timeout=WAIT_S)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": JSON, "Accept": wanted})
        response = connection.getresponse()
        return response.status, response.readline().decode()
    finally:
        connection.close()


def _called_for_stream(serving: Any, method: str, request: Any, answer: Any) -> tuple[str, Any]:
    """Return the first message of a stream, or its error."""
    with grpc.insecure_channel(serving.addresses["grpc"].removeprefix("grpc://")) as channel:
        make = channel.stream_stream if "ModelStreamInfer" in method else channel.unary_stream
        call = make(method, lambda message: message.SerializeToString(), answer.FromString)
        try:
            return "OK", next(
                call(iter([request]) if make == channel.stream_stream else request, timeout=WAIT_S)
            )
        except grpc.RpcError as error:
            return error.code().name, error.details()
