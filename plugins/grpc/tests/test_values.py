from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.values import fill, to_python

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
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


def test_nan_and_infinities_are_numbers():
    assert np.isnan(through(float("nan")))
    assert through([float("inf")]) == [float("inf")]


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
