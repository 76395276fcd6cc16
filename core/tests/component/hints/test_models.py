"""Missing values and times of records; the other rows are in ``tests/parity/test_hinted_arguments.py``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydantic
import pytest

from seldon_runtime.component.hints.models import records
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.message import ARRAYS, NDARRAY, TENSOR, Payload


@dataclass
class Row:
    a: int | None = 7
    b: float | None = 0.5


class Model(pydantic.BaseModel):
    a: int | None = 7
    b: float | None = 0.5


class Seen(pydantic.BaseModel):
    at: dt.datetime | None


def of(kind: type, payload: Payload) -> list[tuple[Any, Any]]:
    return [(row.a, row.b) for row in records(list[kind])(payload)]  # type: ignore[valid-type]


@pytest.mark.parametrize("kind", [Row, Model])
@pytest.mark.parametrize("whole", [1, 1.0])
def test_null_of_an_ndarray_is_none(kind: type, whole: float) -> None:
    array = np.array([[whole, 1.5], [None, None]], object)
    assert of(kind, Payload(NDARRAY, array, ["a", "b"])) == [(1, 1.5), (None, None)]


@pytest.mark.parametrize("kind", [Row, Model])
@pytest.mark.parametrize(
    "payload",
    [
        Payload(ARRAYS, Columns(a=np.array([1, np.nan])), ["a"]),
        Payload(ARRAYS, {"a": np.array([1, np.nan]), "b": np.array([0.5, 0.5])}),
        Payload(TENSOR, np.array([[1], [np.nan]]), ["a"]),
    ],
)
def test_a_missing_number_is_none_for_a_whole_number(kind: type, payload: Payload) -> None:
    assert of(kind, payload) == [(1, 0.5), (None, 0.5)]


@pytest.mark.parametrize("kind", [Row, Model])
def test_an_object_of_an_ndarray_that_lacks_a_field_has_its_default(kind: type) -> None:
    rows = np.empty(2, object)
    rows[:] = [{"a": 1, "b": None}, {"b": 2.5}]
    assert of(kind, Payload(NDARRAY, rows, [])) == [(1, None), (7, 2.5)]


@pytest.mark.parametrize("kind", [Row, Model])
def test_a_number_that_is_not_whole_is_refused(kind: type) -> None:
    with pytest.raises(SeldonError, match=r"the table\[1\]\.a"):
        of(kind, Payload(ARRAYS, Columns(a=np.array([np.nan, 1.5])), ["a"]))


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_times_of_every_unit_are_times_of_python(unit: str) -> None:
    times = Columns(at=np.array(["2026-01-02T03:04:05", "NaT"], f"M8[{unit}]"))
    found = records(list[Seen])(Payload(ARRAYS, times, ["at"]))
    assert [row.at for row in found] == [dt.datetime(2026, 1, 2, 3, 4, 5), None]


def test_dates_are_dates_of_python() -> None:
    days = Columns(at=np.array(["2026-01-02"], "M8[D]"))
    (found,) = records(list[dict[str, Any]])(Payload(ARRAYS, days, ["at"]))
    assert found == {"at": dt.date(2026, 1, 2)}


def test_times_keep_their_nanoseconds_as_text() -> None:
    times = Columns(at=np.array(["2026-01-02T03:04:05.123456789", "NaT"], "M8[ns]"))
    found = records(list[dict[str, Any]])(Payload(ARRAYS, times, ["at"]))
    assert found == [{"at": "2026-01-02T03:04:05.123456789"}, {"at": None}]
