"""REST and gRPC give the same answer, and the same error, to the same request (property 2).

Requests are made by hypothesis as JSON, and sent as JSON and as the protobuf message that this JSON
stands for. What the two formats cannot both say is left out: whole numbers beyond 53 bits, NaN, a tensor
without shape, ``data`` without an array, ``jsonData`` null in feedback (absent there).
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import click
import grpc
import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime import options
from seldon_runtime.component import Component
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.executor import Executor
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.user import Response
from seldon_runtime_grpc import plugin as grpc_plugin
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import (
    Feedback,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
)
from seldon_runtime_rest import plugin as rest_plugin

LIMIT_S = 30
METHODS = {
    "/predict": ("Seldon/Predict", SeldonMessage),
    "/transform-input": ("Transformer/TransformInput", SeldonMessage),
    "/transform-output": ("OutputTransformer/TransformOutput", SeldonMessage),
    "/route": ("Router/Route", SeldonMessage),
    "/aggregate": ("Combiner/Aggregate", SeldonMessageList),
    "/send-feedback": ("Generic/SendFeedback", Feedback),
}
"""REST's path, gRPC's service and method, and the message it takes."""

STATUS = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}

RESULTS = {
    "list": lambda: [[1, 2.5], [3, 4]],
    "ragged": lambda: [[1, 2], [3]],
    "mixed": lambda: [["a", 1.5, None, True, {"k": [1]}]],
    "array32": lambda: np.array([[0.5, 0.25]], np.float32),
    "integers": lambda: np.arange(6).reshape(1, 2, 3),
    "booleans": lambda: np.array([[True], [False]]),
    "texts": lambda: np.array(["x", "yy"]),
    "objects": lambda: np.array([["a", 1], [None, 2.5]], dtype=object),
    "empty": lambda: np.zeros((0, 3)),
    "scalar": lambda: np.array(7.0),
    "dict": lambda: {"a": [1, {"b": None}], "n": np.int64(3), "t": (1, 2), 5: "five"},
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"x"),
    "response": lambda: Response([1.5], {"a": 1}, [{"type": "GAUGE", "key": "g", "value": 2}]),
    "none": lambda: None,
    "complex": lambda: np.array([1j]),
    "unwritable": lambda: {"a": object()},
    "bad metric": lambda: Response("x", metrics=[{"type": "NONE", "key": "g", "value": 2}]),
    "bad tags": lambda: Response("x", tags=["a"]),
    "unwritable tag": lambda: Response("x", tags={"a": object()}),
}
ERRORS = {
    "ValueError": ValueError("grüß 日本"),
    "SeldonError": SeldonError("refused"),
    "forbidden": SeldonError("refused", status_code=403, reason="MINE"),
    "unavailable": SeldonError("later", code=ErrorCode.UNAVAILABLE),
    "not found": SeldonError("nothing", code=ErrorCode.NOT_FOUND),
}


class Mirror:
    """Answers what it got, or what a text asks for."""

    class_names = ("p", "q")

    def _answer(self, X, names=None, meta=None):
        if isinstance(X, str) and X in ERRORS:
            raise ERRORS[X]
        return RESULTS[X]() if isinstance(X, str) and X in RESULTS else X

    def predict(self, X, features_names, meta=None):
        return self._answer(X)

    def transform_input(self, X, features_names, meta=None):
        return {"X": self._answer(X), "names": features_names, "meta": meta or {}}

    def transform_output(self, X, features_names):
        return self._answer(X)

    def route(self, X, features_names):
        answer = self._answer(X)
        return answer if isinstance(X, str) else 1 + len(features_names)

    def aggregate(self, features_list, names_list):
        return self._answer(features_list[0])

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        self._answer(truth)
        return {"features": features, "names": features_names, "reward": reward, "to": routing}

    def score(self, X, features_names):
        numbers = np.asarray(self._answer(X), dtype=np.float64)
        return np.nan_to_num(numbers).sum(axis=-1)  # null is no number, and JSON has no word for that

    def tags(self):
        return {"own": [1, None], "shared": "component"}

    def metrics(self):
        return [{"type": "COUNTER", "key": "calls", "value": 1, "tags": {"zone": "a"}}]

    def init_metadata(self):
        return {
            "name": "mirror",
            "versions": ["1", "2"],
            "inputs": [{"messagetype": "tensor", "schema": {"names": ["a"], "shape": [1]}}],
            "outputs": [{"name": "o", "datatype": "FP32", "shape": [1, -1]}],
            "custom": {"team": "blue"},
        }


class Bare:
    """Defines nothing."""


class Both:
    """One service behind both transports, and a client for each."""

    def __init__(self, user: object, service_type: ServiceType) -> None:
        self.executor = Executor()
        self.executor.start()
        component = Component(user, Identity(unit="unit", image="image:1"), service_type)
        self.service = Service(component, self.executor, metadata=component.metadata())
        values = default_settings()
        self.transports = [
            plugin.seldon_transport(self.service, values) for plugin in (rest_plugin, grpc_plugin)
        ]
        for transport in self.transports:
            transport.start()
        self.service.ready = True
        rest, grpc_address = (transport.address.partition("//")[2] for transport in self.transports)
        self.http = http.client.HTTPConnection(rest, timeout=LIMIT_S)
        self.channel = grpc.insecure_channel(grpc_address, options=[("grpc.enable_http_proxy", 0)])

    def by_rest(self, path: str, request: Any) -> Any:
        """The message that the JSON answer stands for; of an error its status, reason and text."""
        self.http.request("POST", path, json.dumps(request), {"Content-Type": "application/json"})
        response = self.http.getresponse()
        body = json.loads(response.read())
        if response.status == 200:
            return ParseDict(body, SeldonMessage(), descriptor_pool=POOL)
        return STATUS[response.status], body["status"]["reason"], body["status"]["info"]

    def by_grpc(self, path: str, request: Any) -> Any:
        """The same by gRPC."""
        method, kind = METHODS[path]
        call = self.channel.unary_unary(f"/seldon.protos.{method}")
        message = ParseDict(request, kind(), descriptor_pool=POOL)
        try:
            answer = call(message.SerializeToString(), timeout=LIMIT_S)
        except grpc.RpcError as error:
            reason = dict(error.trailing_metadata())["x-seldon-reason"]
            return error.code().name, reason, error.details()
        return SeldonMessage.FromString(answer)

    def stop(self) -> None:
        self.http.close()
        self.channel.close()
        for transport in self.transports:
            transport.stop_accepting()
        for transport in self.transports:
            transport.stop(LIMIT_S)
        self.executor.stop(LIMIT_S)


def default_settings() -> Settings:
    params = [*options.options(), *rest_plugin.seldon_options(), *grpc_plugin.seldon_options()]
    context = click.Command("seldon-run", params=list(params)).make_context(
        "seldon-run", ["--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0"]
    )
    return Settings(context.params, ("rest", "grpc"))


@pytest.fixture(scope="module")
def both() -> Iterator[Any]:
    """A :class:`Both` for each class and service type, started when first asked for."""
    started: dict[Any, Both] = {}
    with ExitStack() as stack:

        def of(user: type, service_type: ServiceType) -> Both:
            if (user, service_type) not in started:
                started[user, service_type] = Both(user(), service_type)
                stack.callback(started[user, service_type].stop)
            return started[user, service_type]

        yield of


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def filled(values: Any) -> Any:
    """Protobuf does not tell an empty map from an absent one."""
    return st.dictionaries(st.text(max_size=3) | st.just("unit"), values, min_size=1, max_size=3)


names = st.lists(st.text(max_size=3), max_size=3)


def matrices(leaves: Any) -> Any:
    row = st.lists(leaves, max_size=3)
    return row | st.integers(0, 3).flatmap(
        lambda width: st.lists(st.lists(leaves, min_size=width, max_size=width), max_size=3)
    )


kinds = [numbers, st.booleans(), st.text(max_size=4), st.integers(-9, 9).map(float) | st.none()]
arrays = st.one_of(*map(matrices, kinds)) | st.lists(st.lists(numbers, max_size=2), max_size=3)


@st.composite
def tensors(draw: Any) -> Any:
    shape = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    count = draw(st.just(int(np.prod(shape))) | st.integers(0, 4))
    return {"shape": shape, "values": draw(st.lists(numbers, min_size=count, max_size=count))}


tftensors = st.builds(
    lambda values: {
        "dtype": "DT_DOUBLE",
        "tensorShape": {"dim": [{"size": str(len(values))}]},
        "doubleVal": values,
    },
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
)
data = st.one_of(
    st.builds(lambda tensor, names: {"tensor": tensor, "names": names}, tensors(), names),
    st.builds(lambda ndarray, names: {"ndarray": ndarray, "names": names}, arrays, names),
    st.builds(lambda tftensor: {"tftensor": tftensor}, tftensors),
)
payloads = st.one_of(
    data.map(lambda value: {"data": value}),
    st.sampled_from([*RESULTS, *ERRORS]).map(lambda text: {"strData": text}),
    st.text(max_size=5).map(lambda text: {"strData": text}),
    st.sampled_from(["", "AAE=", "/v8="]).map(lambda text: {"binData": text}),
    json_values.map(lambda value: {"jsonData": value}),
    st.just({}),
)
metrics = st.fixed_dictionaries(
    {
        "key": st.text(max_size=3),
        "type": st.sampled_from(["COUNTER", "GAUGE", "TIMER"]),
        "value": st.integers(-100, 100) | st.sampled_from([0.5, 0.1, 2.25]),
    },
    optional={"tags": filled(st.text(max_size=3))},
)
metas = st.fixed_dictionaries(
    {},
    optional={
        "puid": st.text(min_size=1, max_size=5),
        "tags": filled(json_values),
        "routing": filled(st.integers(-1, 9)),
        "requestPath": filled(st.text(max_size=3)),
        "metrics": st.lists(metrics, min_size=1, max_size=2),
    },
)
messages = st.builds(
    lambda payload, meta: payload | ({} if meta is None else {"meta": meta}), payloads, st.none() | metas
)
parts = messages.filter(lambda message: message.get("jsonData", True) is not None)
feedbacks = st.fixed_dictionaries(
    {},
    optional={
        "request": parts,
        "response": parts,
        "truth": parts,
        "reward": st.integers(-5, 5) | st.sampled_from([0.5, -0.25]),
    },
)
requests = {
    SeldonMessage: messages,
    SeldonMessageList: st.lists(messages, max_size=3).map(lambda items: {"seldonMessages": items}),
    Feedback: feedbacks,
}


def assert_parity(server: Both, path: str, request: Any) -> None:
    rest, by_grpc = server.by_rest(path, request), server.by_grpc(path, request)
    if isinstance(rest, tuple) and isinstance(by_grpc, tuple):
        assert by_grpc[:2] == rest[:2]
        if "component" not in rest[2] and rest[0] != "INVALID_ARGUMENT":  # own texts name the format
            assert by_grpc[2] == rest[2]
    else:
        assert by_grpc == rest


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("service_type", ServiceType, ids=lambda member: member.value)
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(made=st.data())
def test_the_same_request_has_the_same_answer(both, service_type, path, made):
    request = made.draw(requests[METHODS[path][1]], label=path)
    assert_parity(both(Mirror, service_type), path, request)


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("service_type", ServiceType, ids=lambda member: member.value)
@pytest.mark.parametrize("payload", [{"data": {"ndarray": [[1, 2]]}}, {"strData": "s"}])
def test_a_class_without_the_method_answers_alike(both, service_type, path, payload):
    kind = METHODS[path][1]
    request = {SeldonMessage: payload, SeldonMessageList: {"seldonMessages": [payload]}, Feedback: {}}[kind]
    assert_parity(both(Bare, service_type), path, request)


# not a scalar as ndarray: protobuf has no list without dimensions, so REST answers a number, gRPC an error
ASKED = [
    (word, asked)
    for word in (*RESULTS, *ERRORS)
    for asked in ("strData", "tensor", "ndarray")
    if (word, asked) != ("scalar", "ndarray")
]


@pytest.mark.parametrize(("word", "asked"), ASKED)
def test_every_kind_of_result_is_answered_alike(word, asked):
    class Fixed:
        def predict(self, X, features_names):
            return Mirror()._answer(word)

    payload = {
        "strData": {"strData": "s"},
        "tensor": {"data": {"tensor": {"shape": [1], "values": [1]}}},
        "ndarray": {"data": {"ndarray": [1]}},
    }
    server = Both(Fixed(), ServiceType.MODEL)
    try:
        assert_parity(server, "/predict", payload[asked])
    finally:
        server.stop()


def test_metadata_are_the_same(both):
    server = both(Mirror, ServiceType.MODEL)
    server.http.request("GET", "/metadata")
    rest = json.loads(server.http.getresponse().read())
    for method in ("Model/Metadata", "Seldon/ModelMetadata"):
        answer = server.channel.unary_unary(f"/seldon.protos.{method}")(b"", timeout=LIMIT_S)
        by_grpc = MessageToDict(SeldonModelMetadata.FromString(answer), descriptor_pool=POOL)
        assert by_grpc["outputs"][0].pop("shape") == ["1", "-1"]  # protobuf JSON writes int64 as text
        assert by_grpc == {
            **{key: value for key, value in rest.items() if value},
            "outputs": [{"name": "o", "datatype": "FP32"}],
        }
