"""The rule of values: JSON's types for every Python and NumPy value, or an error."""

from __future__ import annotations

import base64
import collections
import dataclasses
import datetime as dt
import enum
import json
import types
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.protocols.plain_values import key_text, plain_array, plain_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_json_holds_is_returned_itself(value: Any) -> None:
    assert plain_value(value) == value
    if not isinstance(value, list | dict):
        assert plain_value(value) is value


def test_plain_containers_are_not_copied() -> None:
    flat = {"a": 1.5, "b": None}
    listed = [1, "a", True]
    assert plain_value(flat) is flat
    assert plain_value(listed) is listed


class Whole(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    ONE = "one"


@dataclasses.dataclass
class Pair:
    left: int
    right: Any


Row = collections.namedtuple("Row", "a b")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.1), 0.10000000149011612),
        (np.longdouble(1.5), 1.5),
        (np.int8(-3), -3),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.array(5), 5),
        (np.array("text"), "text"),
        (np.array([1, None, np.float32(0.5)], object), [1, None, 0.5]),
        (np.array([(1, 0.5)], [("a", "i4"), ("b", "f4")]), [{"a": 1, "b": 0.5}]),
        (np.array([(1, 0.5)], [("a", "i4"), ("b", "f4")])[0], {"a": 1, "b": 0.5}),
        (np.array([[(1, [2, 3])]], [("a", "i4"), ("b", "f4", 2)]), [[{"a": 1, "b": [2.0, 3.0]}]]),
        (np.ma.array([(1, 0.5)], [("a", "i4"), ("b", "f4")], mask=[(0, 1)]), [{"a": 1, "b": None}]),
        (pd.Timedelta(1, "ns"), "PT0.000000001S"),
        (pd.Timedelta(-1, "ns"), "-PT0.000000001S"),
        (pd.Timedelta(hours=1), "PT1H"),
        (np.ma.masked, None),
        (np.ma.array([1, 2], mask=[False, True]), [1, None]),
        (np.ma.array(["2026-01-01", "2026-01-02"], "M8[D]", mask=[False, True]), ["2026-01-01", None]),
        ((1, (2,)), [1, [2]]),
        (Row(1, 2), [1, 2]),
        (collections.OrderedDict(a=(1,)), {"a": [1]}),
        (types.MappingProxyType({1: 2}), {"1": 2}),
        (Decimal("1.10"), "1.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Whole.ONE, 1),
        (Word.ONE, "one"),
        (Pair(1, (2,)), {"left": 1, "right": [2]}),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.time(1, 2), "01:02:00"),
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00+00:00"),
        (dt.timedelta(days=1, milliseconds=5), "P1DT0.005S"),
        (np.datetime64("2026-01-02T03:04:05.123456789"), "2026-01-02T03:04:05.123456789"),
        (np.timedelta64(1500, "ms"), "PT1.5S"),
        (np.datetime64("NaT", "s"), None),
        (np.timedelta64("NaT", "s"), None),
    ],
    ids=repr,
)
def test_other_values_become_plain_alone_and_inside_others(value: Any, plain: Any) -> None:
    for given_value, expected in (
        (value, plain),
        ({"a": [value, 1.5]}, {"a": [plain, 1.5]}),
        ([{"b": value}], [{"b": plain}]),
    ):
        found = plain_value(given_value)
        assert found == expected
        assert json.loads(json.dumps(found)) == expected


class NotATime(dt.datetime):
    """As pandas' NaT, it equals nothing, itself included."""

    __hash__ = dt.datetime.__hash__

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True


def test_a_date_that_does_not_equal_itself_is_null() -> None:
    assert plain_value([NotATime(2026, 1, 1)]) == [None]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (1, "1"),
        (np.int64(1), "1"),
        (1.5, "1.5"),
        (True, "true"),
        (np.bool_(False), "false"),
        (None, "null"),
        (np.str_("a"), "a"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (Word.ONE, "one"),
        (Decimal("1.0"), "1.0"),
    ],
)
def test_keys_become_text(key: Any, text: str) -> None:
    assert key_text(key) == text
    assert plain_value({key: (1,)}) == {text: [1]}


@pytest.mark.parametrize("key", [(1, 2), b"a", frozenset()])
def test_other_keys_are_refused(key: Any) -> None:
    with pytest.raises(TypeError):
        plain_value({key: 1})


@pytest.mark.parametrize("members", [{1: "a", "1": "b"}, {None: 1, "null": 2}, {True: 1, "true": 2}])
def test_two_keys_of_the_same_text_are_refused_for_one_would_be_lost(members: Any) -> None:
    with pytest.raises(ValueError, match="same text"):
        plain_value(members)


@pytest.mark.parametrize("value", [object(), (i for i in "ab"), 1j, np.complex64(1j), np.array([1j]), int])
def test_a_value_of_another_type_is_refused_by_its_name(value: Any) -> None:
    name = value.dtype.type.__name__ if isinstance(value, np.ndarray) else type(value).__name__
    for inside in (value, [value], {"a": [value]}):
        with pytest.raises(TypeError, match=f"a value is {name}, expected"):
            plain_value(inside)


@pytest.mark.parametrize("value", [b"raw", bytearray(b"raw"), memoryview(b"raw"), np.bytes_(b"raw")])
def test_bytes_inside_another_value_are_refused_with_the_remedy(value: Any) -> None:
    with pytest.raises(TypeError, match="b64encode"):
        plain_value({"thumbnail": value})
    assert plain_value(base64.b64encode(bytes(value)).decode()) == "cmF3"


def test_an_array_without_a_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes_"):
        plain_array(np.array([b"raw"]))
