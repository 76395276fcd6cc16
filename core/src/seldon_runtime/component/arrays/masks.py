"""The parts of values that ``numpy.array`` drops: masks, and the names of columns and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.protocols.libraries.forms import Form, conversion_of

_SCALARS = frozenset({float, int, bool, str, type(None)})


def is_masked(array: np.ma.MaskedArray[Any, Any]) -> bool:
    """Return whether a masked array has a masked value, or a value with a masked field."""
    return array.dtype.names is not None or bool(np.ma.is_masked(array))


def filled_with_nan(array: NDArray[Any]) -> NDArray[Any]:
    """Return a masked array as one of floats with NaN in place of masked values, as tensors have no null."""
    masked: Any = array if array.dtype.kind == "f" else array.astype(np.float64)
    filled: NDArray[Any] = masked.filled(np.nan)
    return filled


def loses_parts(values: Sequence[Any]) -> bool:
    """Return whether ``numpy.array`` drops parts of nested lists. True for lists that nest very deeply."""
    try:
        return _loses_parts(values)
    except RecursionError:
        return True


def _loses_parts(values: Sequence[Any]) -> bool:
    kinds = set(map(type, values))
    if _SCALARS.issuperset(kinds):
        return False
    return any(map(_is_named, kinds)) or any(
        _loses_parts(value)
        if isinstance(value, list | tuple)
        else isinstance(value, np.ndarray | np.void)
        and (isinstance(value, np.ma.MaskedArray) or value.dtype.names is not None)
        for value in values
    )


def _is_named(kind: type) -> bool:
    """Return whether the values of a type are tables, which are records inside a list, or images."""
    if kind in _SCALARS or issubclass(kind, list | tuple | np.ndarray):
        return False
    conversion = conversion_of(kind)
    return conversion is not None and conversion.form in (Form.TABLE, Form.IMAGE)
