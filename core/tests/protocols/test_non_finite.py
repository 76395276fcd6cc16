"""NaN and infinities in the three modes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from seldon_runtime.protocols.non_finite import WORDS, NonFinite, finite, written

SPECIAL = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("number", SPECIAL)
def test_the_modes(number: float) -> None:
    assert written(number, NonFinite.NULL) is None
    word = written(number, NonFinite.STRING)
    assert word is not None
    np.testing.assert_equal(WORDS[word], number)
    with pytest.raises(ValueError, match="SELDON_NON_FINITE=error"):
        written(number, NonFinite.ERROR)


@pytest.mark.parametrize(
    "holder",
    [
        lambda number: number,
        lambda number: {"a": [1, (number, "x")]},
        lambda number: {"a": np.array([[1.0, number]])},
        lambda number: [np.float32(number), np.array([number], np.float16)],
    ],
)
@pytest.mark.parametrize("number", SPECIAL)
def test_they_are_found_at_any_depth(holder: Any, number: float) -> None:
    assert "None" in repr(finite(holder(number), NonFinite.NULL))
    assert repr(written(number, NonFinite.STRING)) in repr(finite(holder(number), NonFinite.STRING))
    with pytest.raises(ValueError, match="error"):
        finite(holder(number), NonFinite.ERROR)


@pytest.mark.parametrize("policy", NonFinite)
def test_other_values_stay(policy: NonFinite) -> None:
    array = np.array([1.5, 2])
    found = finite({"a": [1, 0.5, None, "NaN"], "b": array}, policy)
    assert found["a"] == [1, 0.5, None, "NaN"]
    assert found["b"] is array
