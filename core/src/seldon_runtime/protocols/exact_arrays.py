"""Arrays of lists of numbers in which whole numbers keep their digits.

NumPy makes 64-bit floats of whole numbers from 2**63 on beside smaller ones, such as ``[2**63 + 1, 1]``, and
of whole numbers beside floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.inference.arrays.columns import LARGEST_EXACT

_LONG = frozenset({int, np.int64, np.uint64})
"""The types of whole numbers that a 64-bit float may not hold."""


def exact_array(values: Sequence[Any]) -> NDArray[Any]:
    """Return the array that NumPy makes of nested lists, unless floats lose digits of whole numbers in it.

    Whole numbers only are then uint64 if it holds each, else objects; those beside floats are objects.

    Raises:
        ValueError, TypeError, OverflowError: as ``numpy.array``, such as for ragged rows.
    """
    array = np.array(values)
    return with_digits(array, values) if array.dtype.kind == "f" else array


def with_digits(array: NDArray[Any], values: Sequence[Any]) -> NDArray[Any]:
    """Return the floats that NumPy made of nested lists, or the lists as :func:`exact_array` makes them."""
    if not _has_long(values) or not (np.abs(array) >= LARGEST_EXACT).any():
        return array
    objects = np.array(values, object)
    flat = [value.item() if isinstance(value, np.generic) else value for value in objects.ravel().tolist()]
    pairs = zip(flat, array.ravel().tolist(), strict=True)
    if all(value == kept or value != value for value, kept in pairs):
        return array
    if any(isinstance(value, float | np.floating) for value in flat):
        return objects
    whole = list(map(int, flat))
    if min(whole) >= 0 and max(whole) < 2**64:
        return np.array(whole, np.uint64).reshape(array.shape)
    return np.array(whole, object).reshape(array.shape)


def _has_long(values: Sequence[Any]) -> bool:
    """Return whether nested lists have a whole number of 64 bits or more."""
    kinds = set(map(type, values))
    if not kinds.isdisjoint(_LONG):
        return True
    if kinds == {float}:
        return False
    return any(
        _has_long(value)
        if isinstance(value, list | tuple)
        else isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.dtype.itemsize == 8
        for value in values
    )
