"""The rule of values as pairs: a value that a component returns, and what a client reads for it.

NaN stands for NaN in what a client reads; a transport's own form of it is compared by the test.
"""

from __future__ import annotations

import datetime as dt
import uuid
from enum import Enum
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

Pair = tuple[Any, Any]

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
exact = st.integers(-(2**53), 2**53)
"""Whole numbers that a 64-bit float holds, since protobuf's ``Value`` has no others."""


class Word(Enum):
    ONE = "one"


def same(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Pair]:
    return strategy.map(lambda value: (value, value))


def _date(unit: str) -> st.SearchStrategy[Pair]:
    # years that every unit can hold: 64 bits of attoseconds are nine seconds around 1970
    near = {"as": 8, "fs": 8000}.get(unit)
    counts = st.integers(0, near) if near else st.integers(0, 40)
    return counts.map(lambda count: np.datetime64(count, unit)).map(lambda value: (value, str(value)))


plain = same(st.none() | st.booleans() | exact | st.floats() | text)
numpy_scalars = st.one_of(
    st.floats(width=32).map(lambda value: (np.float32(value), float(np.float32(value)))),
    st.floats(width=16).map(lambda value: (np.float16(value), float(np.float16(value)))),
    exact.map(lambda value: (np.int64(value), value)),
    st.integers(0, 255).map(lambda value: (np.uint8(value), value)),
    st.booleans().map(lambda value: (np.bool_(value), value)),
    text.map(lambda value: (np.str_(value), value)),
    exact.map(lambda value: (np.array(value), value)),
    st.floats().map(lambda value: (np.array(value), value)),
)
times = st.one_of(
    st.sampled_from(UNITS).flatmap(_date),
    st.sampled_from([(np.datetime64("NaT", "s"), None), (np.timedelta64("NaT", "s"), None)]),
    st.dates().map(lambda value: (value, value.isoformat())),
    st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(lambda value: (value, value.isoformat())),
    st.times().map(lambda value: (value, value.isoformat())),
    st.integers(0, 59).map(lambda value: (dt.timedelta(seconds=value), f"PT{value}S")),
    st.integers(1, 40).map(lambda value: (np.timedelta64(value, "Y"), f"P{value}Y")),
    st.integers(1, 9).map(lambda value: (np.timedelta64(value, "ns"), f"PT0.{value:09d}S")),
)
others = st.one_of(
    st.decimals().map(lambda value: (value, str(value))),
    st.uuids().map(lambda value: (value, str(value))),
    st.just((Word.ONE, "one")),
    st.just((np.ma.masked, None)),
)
leaves = plain | numpy_scalars | times | others


@st.composite
def masked_arrays(draw: Any) -> Pair:
    elements = draw(st.sampled_from([st.floats(), st.integers(-5, 5), st.booleans(), text]))
    rows = draw(st.lists(elements, min_size=1, max_size=4))
    mask = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    shown = [None if hidden else row for row, hidden in zip(np.array(rows).tolist(), mask, strict=True)]
    return np.ma.masked_array(np.array(rows), mask), shown


@st.composite
def float_arrays(draw: Any) -> Pair:
    dtype = draw(st.sampled_from(["<f8", ">f8", "<f4", "<f2"]))
    array = draw(npst.arrays(dtype, npst.array_shapes(max_dims=2, max_side=3)))
    return array, array.astype(np.float64).tolist()


keys = st.one_of(
    same(text),
    st.integers(-99, 99).map(lambda value: (value, str(value))),
    st.integers(-99, 99).map(lambda value: (np.int64(value), str(value))),
    st.sampled_from([(None, "null"), (True, "true"), (1.5, "1.5"), (Word.ONE, "one")]),
    st.just((uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001")),
)


@st.composite
def _dicts(draw: Any, inner: st.SearchStrategy[Pair]) -> Pair:
    members: dict[str, tuple[Any, Pair]] = {}
    for key, shown in draw(st.lists(keys, max_size=3)):
        if key not in [other for other, _ in members.values()]:  # True equals 1
            members[shown] = key, draw(inner)
    return (
        {key: value for key, (value, _) in members.values()},
        {shown: read for shown, (_, (_, read)) in members.items()},
    )


@st.composite
def _lists(draw: Any, inner: st.SearchStrategy[Pair]) -> Pair:
    pairs = draw(st.lists(inner, max_size=3))
    kind = draw(st.sampled_from([list, tuple]))
    return kind(value for value, _ in pairs), [read for _, read in pairs]


values = st.recursive(
    leaves | masked_arrays() | float_arrays(), lambda inner: _lists(inner) | _dicts(inner), max_leaves=8
)
"""Pairs of any value that may stand inside an answer."""
REFUSED = {
    "bytes": b"raw",
    "bytes array": np.array([b"raw"]),
    "complex": 1j,
    "complex array": np.array([1j]),
    "object": object(),
    "tuple key": {(1, 2): 1},
    "same keys": {1: "a", "1": "b"},
    "generator": (item for item in "ab"),
}
"""Values that stand in no answer: the call fails on every transport."""
