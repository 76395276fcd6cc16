"""REST and gRPC give the same answer, and the same error, to the same request (property 2).

Requests are made by hypothesis as JSON, and sent as JSON and as the protobuf message that this JSON
stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.inference.identity import ServiceType
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import (
    Feedback,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
)

from .both import METHODS, Both
from .components import ERRORS, RESULTS, Bare, Fixed, Mirror
from .requests import requests


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
def test_every_kind_of_result_is_answered_alike(both, word, asked):
    payload = {
        "strData": {"strData": "s"},
        "tensor": {"data": {"tensor": {"shape": [1], "values": [1]}}},
        "ndarray": {"data": {"ndarray": [1]}},
    }
    server = both(Fixed, ServiceType.MODEL)
    server.user.word = word
    assert_parity(server, "/predict", payload[asked])


def test_metadata_are_the_same(both):
    server = both(Mirror, ServiceType.MODEL)
    rest = server.http.get("/metadata").json
    for method in ("Model/Metadata", "Seldon/ModelMetadata"):
        answer = server.grpc.call_raw(f"seldon.protos.{method}", b"")
        by_grpc = MessageToDict(SeldonModelMetadata.FromString(answer), descriptor_pool=POOL)
        assert by_grpc["outputs"][0].pop("shape") == ["1", "-1"]  # protobuf JSON writes int64 as text
        assert by_grpc == {
            **{key: value for key, value in rest.items() if value},
            "outputs": [{"name": "o", "datatype": "FP32"}],
        }
