"""The size of text arrays: never many times that of their values, and never more than the estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.inference.limits import Limits
from seldon_runtime.protocols.arrays import array_from_list
from seldon_runtime.protocols.text_arrays import is_too_wide, text_array_memory

MIB = 1024 * 1024


def received(values: list[Any]) -> np.ndarray[Any, Any]:
    """The array that a method without a type hint receives."""
    array: np.ndarray[Any, Any] = ArrayReading().receive(None)(array_from_list(values, "ndarray", Limits()))
    return array


@pytest.mark.parametrize("value", [1, "", "a", 1.5])
@pytest.mark.parametrize("width", [100, 500, 5000])
def test_one_long_text_among_many_short_values_makes_no_large_array(value: Any, width: int) -> None:
    array = received([*[value] * 100_000, "a" * width])
    assert array.dtype == object
    assert array.nbytes < MIB


@pytest.mark.parametrize("row", [[1.5, "a"], [1, "red", 2.5], ["a", "bb", "ccc"]])
def test_tables_of_numbers_and_words_are_text_at_any_size(row: list[Any]) -> None:
    assert received([row] * 20_000).dtype.kind == "U"


@given(st.lists(st.text(max_size=60) | st.integers(0, 9) | st.floats(0, 9), min_size=2, max_size=60))
def test_the_memory_of_an_array_is_within_its_estimate(values: list[Any]) -> None:
    texts = [value for value in values if type(value) is str]
    longest = max(map(len, texts), default=0)
    characters, numbers = sum(map(len, texts)), len(values) - len(texts)
    if texts and not is_too_wide(len(texts), characters, longest, numbers):
        estimate = text_array_memory(len(values), characters, longest, has_numbers=numbers > 0)
        assert np.array(values).nbytes <= estimate
