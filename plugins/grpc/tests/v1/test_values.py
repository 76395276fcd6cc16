from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import numpy as np
import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.protocols.non_finite import NonFinite, written
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1.values import fill, to_python

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


def through(value):
    message = SeldonMessage()
    fill(message.jsonData, value)
    return to_python(SeldonMessage.FromString(message.SerializeToString()).jsonData)


@given(json_values)
def test_json_values_come_back_as_they_went_out(value):
    assert through(value) == value


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (1, 1.0),
        (2**60 + 1, float(2**60)),
        ((1, (2,)), [1.0, [2.0]]),
        (np.int64(3), 3.0),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([[1, 2]]), [[1.0, 2.0]]),
        ({7: "a", 2.5: "b", True: "c", None: "d"}, {"7": "a", "2.5": "b", "true": "c", "null": "d"}),
        (Decimal("1.10"), "1.10"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3, 4, 5), "2020-01-02T03:04:05"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        ({}, {}),
        ([], []),
    ],
)
def test_what_json_writers_take_is_taken(value, read):
    assert through(value) == read


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_nan_and_infinities_are_never_numbers_of_a_value(number):
    for value in (number, [number], {"a": number}, np.float32(number), np.array([number])):
        message = SeldonMessage()
        fill(message.jsonData, value)
        text = MessageToJson(message, descriptor_pool=POOL)  # which raises for such a number
        assert "null" in text
        fill(message.jsonData, value, NonFinite.STRING)
        assert written(number, NonFinite.STRING) in MessageToJson(message, descriptor_pool=POOL)
        with pytest.raises(ValueError, match="SELDON_NON_FINITE=error"):
            fill(SeldonMessage().jsonData, value, NonFinite.ERROR)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"a": object()}, TypeError),
        ([b"x"], TypeError),
        ({(1, 2): 3}, TypeError),
        ([10**400], OverflowError),
        (["\ud800"], ValueError),
    ],
)
def test_what_protobuf_cannot_hold_is_refused(value, error):
    with pytest.raises(error):
        fill(SeldonMessage().jsonData, value)


def test_a_value_that_was_never_set_is_null():
    assert to_python(SeldonMessage().jsonData) is None
