from __future__ import annotations

import pytest

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime_v2.tensors.shapes import element_count

LIMITS = Limits(max_array_values=1000)


@pytest.mark.parametrize(
    ("shape", "count"), [([], 1), ([3], 3), ([2, 3], 6), ([0], 0), ([2, 0], 0), ([10, 10, 10], 1000)]
)
def test_the_count_is_the_product(shape, count):
    assert element_count(shape, "x", LIMITS) == count


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([-1], "expected sizes of 0 or more"),
        ([2, -2], "expected sizes of 0 or more"),
        ([-1, -1], "expected sizes of 0 or more"),
        ([1001], "has 1001 values, at most 1000"),
        ([2**32, 2**32 + 1, 2], "at most 1000"),
        ([2**64 + 2], "at most 1000"),
        ([2**40, 0], "expected at most 10000"),
        ([1] * 33, "has 33 dimensions, expected 32 at most"),
    ],
)
def test_a_shape_that_is_wrong_or_huge_is_refused_before_memory_is_taken(shape, message):
    with pytest.raises(SeldonError, match=message):
        element_count(shape, "x", LIMITS)
