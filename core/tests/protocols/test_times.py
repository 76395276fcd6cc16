"""Dates and durations of NumPy as ISO 8601 text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.protocols.times import date_texts, duration_text, duration_texts

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("order", "<>")
def test_dates_of_every_unit_keep_their_digits(unit: str, order: str) -> None:
    moment = np.datetime64(3, unit)
    array = np.array([[moment, "NaT"]], f"{order}M8[{unit}]")
    assert date_texts(array) == [[str(moment), None]]


def test_an_array_without_dimensions_becomes_one_text() -> None:
    assert date_texts(np.array("2026", "M8[Y]")) == "2026"
    assert duration_texts(np.array(3, "m8[s]")) == "PT3S"


def test_empty_arrays_keep_their_shape() -> None:
    assert date_texts(np.empty((2, 0), "M8[s]")) == [[], []]
    assert duration_texts(np.empty((2, 0), "m8[s]")) == [[], []]


def test_masked_values_are_none() -> None:
    mask = [False, True]
    assert date_texts(np.ma.array(["2026", "2027"], "M8[Y]", mask=mask)) == ["2026", None]
    assert duration_texts(np.ma.array([1, 2], "m8[h]", mask=mask)) == ["PT1H", None]


@pytest.mark.parametrize(
    ("count", "unit", "text"),
    [
        (0, "s", "PT0S"),
        (3, "Y", "P3Y"),
        (-3, "M", "-P3M"),
        (2, "W", "P14D"),
        (1, "D", "P1D"),
        (25, "h", "P1DT1H"),
        (61, "m", "PT1H1M"),
        (3601, "s", "PT1H1S"),
        (-1500, "ms", "-PT1.5S"),
        (1, "as", "PT0.000000000000000001S"),
        (5, "generic", 5),
    ],
)
def test_durations(count: int, unit: str, text: Any) -> None:
    assert duration_text(count, unit) == text


def test_durations_of_several_units_are_multiplied() -> None:
    assert duration_texts(np.array([3], "m8[25s]")) == ["PT1M15S"]


@pytest.mark.parametrize("unit", UNITS)
def test_no_duration_is_none(unit: str) -> None:
    assert duration_texts(np.array(["NaT", 0], f"m8[{unit}]"))[0] is None


@given(st.timedeltas())
def test_a_duration_says_its_whole_length(duration: dt.timedelta) -> None:
    text = duration_text(duration // dt.timedelta(microseconds=1), "us")
    assert isinstance(text, str)
    sign = -1 if text.startswith("-") else 1
    date, _, time = text.lstrip("-P").partition("T")
    parts: dict[str, float | int] = {"D": int(date[:-1] or 0)}
    number = ""
    for letter in time:
        if letter in "HMS":
            whole, _, fraction = number.partition(".")
            parts[letter] = int(whole)
            parts["us"] = int(fraction.ljust(6, "0") or 0)
            number = ""
        else:
            number += letter
    found = dt.timedelta(
        days=parts["D"],
        hours=parts.get("H", 0),
        minutes=parts.get("M", 0),
        seconds=parts.get("S", 0),
        microseconds=parts.get("us", 0),
    )
    assert found == abs(duration)
    assert (sign < 0) == (duration < dt.timedelta(0))
