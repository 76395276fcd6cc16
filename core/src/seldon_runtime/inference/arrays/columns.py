"""A table as columns by name, and columns side by side as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_EXACT = 2**53
"""The largest whole number up to which 64-bit floats hold every one."""
_WHOLE = "iu"


class Columns(dict[str, NDArray[Any]]):
    """The columns of a table by name, in their order: arrays of the shape ``(n,)``, each of its own type.

    The value of a payload of kind ARRAYS, for formats whose requests are tables, such as CSV. Unlike a
    request with any other arrays, such a request is answered in the form of its result. A result with named
    columns is a payload of Columns again.
    """


def joined(arrays: Sequence[NDArray[Any]], count: int) -> NDArray[Any]:
    """Return columns side by side, as an array of ``count`` rows.

    It has one type if a common type keeps every value; else it is an array of objects.
    """
    if not arrays:
        return np.empty((count, 0))
    kinds = {array.dtype.kind for array in arrays}
    if len(kinds) == 1 and kinds <= set("bUM") | set(_WHOLE):
        stacked = np.column_stack(arrays)
        if stacked.dtype.kind in kinds:  # not so for int64 beside uint64
            return stacked
    elif kinds <= set("fiu") and all(is_exact(array) for array in arrays):
        return np.column_stack(arrays)
    return as_objects(arrays)


def are_texts(values: list[Any]) -> bool:
    """Return whether all values, one at least, are texts; joining them is quicker than a look at each."""
    try:
        return bool(values) and "".join(values) is not None
    except TypeError:
        return False


def as_objects(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return columns side by side, one at least, as an array of objects."""
    rows = np.empty((len(arrays[0]), len(arrays)), object)
    for index, array in enumerate(arrays):
        rows[:, index] = _objects(array)
    return rows


def floats_of(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of numbers and None as one of floats with NaN, if those hold them exactly."""
    kinds = set(map(type, array.tolist()))
    if type(None) not in kinds or kinds - {int, float, type(None)} or len(kinds) == 1:
        return array
    if any(type(value) is int and abs(value) > LARGEST_EXACT for value in array):
        return array
    return np.array([np.nan if value is None else value for value in array], np.float64)


def is_exact(array: NDArray[Any]) -> bool:
    """Return whether a 64-bit float holds every value of an array of numbers."""
    if isinstance(array, np.ma.MaskedArray):
        array = array.compressed()
    if array.dtype.kind not in _WHOLE or array.dtype.itemsize < 8 or not array.size:
        return True
    return int(array.max()) <= LARGEST_EXACT and int(array.min()) >= -LARGEST_EXACT


def _objects(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind in "Mm":  # whose own objects lose digits
        values = np.empty(len(array), object)
        values[:] = list(array)
        return values
    return array.astype(object)
