from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from seldon_runtime.component.arrays.masks import filled_with_nan, is_masked, loses_parts

MASKED = np.ma.array([1, 2], mask=[0, 1])
FIELDS = np.array([(1, 0.5)], [("a", int), ("b", float)])
DEEP: list[Any] = []
DEEP.append(DEEP)


@pytest.mark.parametrize(
    "values",
    [[MASKED], [[1], (MASKED,)], [FIELDS], [FIELDS[0]], [pd.DataFrame({"a": [1]})], [np.ma.masked], DEEP],
)
def test_masks_and_names_inside_lists_are_found(values: Any) -> None:
    assert loses_parts(values)


@pytest.mark.parametrize(
    "values", [[], [1, "a", None], [[1.5], (2,)], [np.ones(2)], [pd.Series([1])], [{"a": 1}]]
)
def test_other_lists_lose_nothing(values: Any) -> None:
    assert not loses_parts(values)


def test_masked_numbers_become_nan_in_floats() -> None:
    assert is_masked(MASKED)
    assert not is_masked(np.ma.array([1, 2]))
    np.testing.assert_equal(filled_with_nan(MASKED), np.array([1, np.nan]))
    narrow = filled_with_nan(np.ma.array([1, 2], np.float32, mask=[0, 1]))
    assert narrow.dtype == np.float32
