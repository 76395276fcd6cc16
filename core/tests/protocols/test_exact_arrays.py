"""Arrays of nested lists: NumPy's own, unless floats would lose digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.protocols.exact_arrays import exact_array

LARGE = 2**63 + 1
WHOLE = st.integers(-(2**65), 2**65) | st.sampled_from([0, 1, -1, 2**53 + 1, 2**63 - 1, LARGE, 2**64 - 1])


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([[1, 2]], "int64"),
        ([[1.5, 2]], "float64"),
        ([[LARGE], [1]], "uint64"),
        ([[2**63], [1]], "float64"),
        ([LARGE, -1], "object"),
        ([[LARGE, 1.5]], "object"),
        ([[2**53 + 1], [1.5]], "object"),
        ([[2**60, 1.5]], "float64"),
        ([[2**53 + 1, float("nan")]], "object"),
        ([np.uint64(LARGE), np.int64(1)], "uint64"),
        ([np.array([LARGE], np.uint64), np.array([-1])], "object"),
        ([(LARGE,), (1,)], "uint64"),
        ([[1e300, 1]], "float64"),
        ([np.float32(1.5), 2], "float64"),
        ([], "float64"),
    ],
)
def test_floats_that_lose_digits_are_whole_numbers_or_objects(values: list[Any], dtype: str) -> None:
    array = exact_array(values)
    assert array.dtype == np.dtype(dtype)
    assert str(array.tolist()) == str(np.array(values, object).astype(array.dtype).tolist())


@given(st.lists(st.lists(WHOLE | st.floats(allow_nan=False), min_size=2, max_size=2), max_size=4))
def test_every_number_keeps_its_value(rows: list[list[int | float]]) -> None:
    assert exact_array(rows).tolist() == rows
