"""The rule of values, on REST, on gRPC, and on transports that hand on neutral or JSON messages.

``docs/reference/values.md`` has the table, ``tests/support/value_rule.py`` the same as pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import HealthCheck, given, settings

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.plugin import Call, Method, NeutralCodec
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_value
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps
from seldon_runtime.protocols.v1.message import decode_message, encode_message
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support import value_rule

from .both import Both

ARRAYS = {
    "tensor": {"data": {"tensor": {"shape": [1], "values": [0.0]}}},
    "ndarray": {"data": {"ndarray": [0.0]}},
}
Ask = Callable[[Any], Any]


class Gives:
    """Returns, tags and measures what it holds."""

    result: Any = None
    given_tags: Any = None

    def predict(self, X: Any, names: Any) -> Any:
        return self.result

    def tags(self) -> Any:
        return self.given_tags or {}


def by_rest(server: Both, request: Any) -> Any:
    answer = server.http.post("/predict", request)
    if answer.status != 200:
        raise SeldonError(answer.info, code=ErrorCode(answer.json["status"]["reason"]))
    return answer.json


def by_grpc(server: Both, request: Any) -> Any:
    message = ParseDict(request, SeldonMessage(), descriptor_pool=POOL)
    try:
        answer = server.grpc.call("Seldon/Predict", message)
    except grpc.RpcError as error:
        reason = dict(error.trailing_metadata())["x-seldon-reason"]
        raise SeldonError(error.details(), code=ErrorCode(reason)) from error
    return MessageToDict(answer, descriptor_pool=POOL)  # raises for NaN in a Value


def by_json(server: Both, policy: NonFinite, request: Any) -> Any:
    codec = JsonCodec(server.service.limits, dumps=partial(plain_dumps, non_finite=policy))
    return json.loads(server.service.call(Call(Method.PREDICT, json.dumps(request), codec, "third")))


def by_neutral(server: Both, policy: NonFinite, request: Any) -> Any:
    """Hand on a neutral message, as a transport with a format of its own, and write it at the end."""
    wire = decode_message(request, server.service.limits)
    answer = server.service.call(Call(Method.PREDICT, wire, NeutralCodec(), "third"))
    try:
        return finite(plain_value(encode_message(answer)), policy)
    except ValueError as error:
        raise SeldonError(str(error), code=ErrorCode.COMPONENT_FAILED) from error


@pytest.fixture(scope="module", params=NonFinite, ids=lambda policy: policy.value)
def policy(request: pytest.FixtureRequest) -> NonFinite:
    found: NonFinite = request.param
    return found


@pytest.fixture(scope="module")
def server(policy: NonFinite) -> Iterator[Both]:
    server = Both(Gives(), ServiceType.MODEL, ["--non-finite", policy.value])
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["rest", "grpc", "json", "neutral"])
def ask(request: pytest.FixtureRequest, server: Both, policy: NonFinite) -> Ask:
    """``ask(request)`` returns the answer over one transport, as protobuf JSON."""
    ways: dict[str, Ask] = {
        "rest": partial(by_rest, server),
        "grpc": partial(by_grpc, server),
        "json": partial(by_json, server, policy),
        "neutral": partial(by_neutral, server, policy),
    }
    return ways[request.param]


def shown(value: Any, policy: NonFinite) -> Any:
    """Return what a client reads for a value of the table."""
    return finite(value, policy)


def same(found: Any, expected: Any) -> bool:
    """Compare by value: numbers over gRPC are floats, and a client may read a tensor's NaN as its word."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return type(found) is bool if type(expected) is bool else found == expected


def has_non_finite(value: Any) -> bool:
    try:
        finite(value, NonFinite.ERROR)
    except ValueError:
        return True
    return False


REPEATED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@REPEATED
@given(pair=value_rule.values)
def test_a_value_inside_an_answer(server: Both, ask: Ask, policy: NonFinite, pair: value_rule.Pair) -> None:
    value, read = pair
    server.user.result, server.user.given_tags = {"value": value}, {"tag": [value]}
    if policy is NonFinite.ERROR and has_non_finite(read):
        with pytest.raises(SeldonError, match="SELDON_NON_FINITE=error") as caught:
            ask({"strData": "s"})
        assert caught.value.code is ErrorCode.COMPONENT_FAILED
        return
    answer = ask({"strData": "s"})
    assert same(answer["jsonData"], {"value": shown(read, policy)})
    assert same(answer["meta"]["tags"], {"tag": [shown(read, policy)]})


@REPEATED
@given(pair=value_rule.float_arrays() | value_rule.masked_arrays())
@pytest.mark.parametrize("asked", ARRAYS)
def test_an_array_as_an_answer(
    server: Both, ask: Ask, policy: NonFinite, asked: str, pair: value_rule.Pair
) -> None:
    array, read = pair
    is_tensor = asked == "tensor" and array.dtype.kind in "fiu"
    if is_tensor:  # which holds numbers only: a masked one is NaN
        read = np.array(read, np.float64).ravel().tolist()
    server.user.result, server.user.given_tags = array, None
    if policy is NonFinite.ERROR and has_non_finite(read):
        with pytest.raises(SeldonError, match="SELDON_NON_FINITE=error"):
            ask(ARRAYS[asked])
        return
    data = ask(ARRAYS[asked])["data"]
    if not is_tensor:
        assert same(data["ndarray"], shown(read, policy))
        return
    assert [int(size) for size in data["tensor"]["shape"]] == list(array.shape)
    values = [math.nan if value is None else float(value) for value in data["tensor"]["values"]]
    lost = policy is NonFinite.NULL and "Infinity" not in str(data)  # JSON's null stands for infinities too
    expected = [math.nan if lost and not math.isfinite(value) else value for value in read]
    np.testing.assert_equal(values, expected)


@pytest.mark.parametrize("kind", value_rule.REFUSED)
def test_a_value_of_no_message_fails_the_call(server: Both, ask: Ask, kind: str) -> None:
    server.user.given_tags = None
    for result in ({"a": [value_rule.REFUSED[kind]]}, [[1.5], value_rule.REFUSED[kind]]):
        server.user.result = result
        with pytest.raises(SeldonError, match="the component's answer cannot be written") as caught:
            ask({"strData": "s"})
        assert caught.value.code is ErrorCode.COMPONENT_FAILED
