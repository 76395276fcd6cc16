"""Data frames and columns of pandas, Polars, PyArrow and libraries alike, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LARGEST_EXACT = 2**53
"""The largest whole number up to which 64-bit floats hold every one."""
_WHOLE = "iu"
Columns = Callable[[Any], Iterable[tuple[Any, Any]]]
"""Function that returns the names and the columns of a frame."""


class Table(NamedTuple):
    """Rows, and the names of their columns; None if the frame only counts its columns.

    ``rows`` is an array of one type if a common type keeps every value of the columns; else of objects.
    """

    names: list[str] | None
    rows: NDArray[Any]


def columns_of(kind: type) -> Columns | None:
    """Return the function for the columns of a frame's type; None for other types."""
    if hasattr(kind, "iloc") and hasattr(kind, "columns"):  # pandas, Modin, cuDF
        return _pandas_columns
    if hasattr(kind, "get_columns") and hasattr(kind, "columns"):  # Polars
        return lambda frame: zip(frame.columns, frame.get_columns(), strict=True)
    if hasattr(kind, "column_names") and hasattr(kind, "itercolumns"):  # PyArrow
        return lambda frame: zip(frame.column_names, frame.itercolumns(), strict=True)
    return None


def column_of(kind: type) -> Callable[[Any], NDArray[Any]] | None:
    """Return the function that makes an array of a column's type; None for other types."""
    is_pandas = hasattr(kind, "iloc") and not hasattr(kind, "columns")
    is_polars = hasattr(kind, "to_numpy") and hasattr(kind, "null_count") and not hasattr(kind, "columns")
    is_arrow = hasattr(kind, "to_numpy") and hasattr(kind, "to_pylist")
    return column_array if is_pandas or is_polars or is_arrow else None


def table(columns: Columns, frame: Any) -> Table:
    """Return the rows of a frame."""
    pairs = list(columns(frame))
    arrays = [column_array(column) for _, column in pairs]
    names = [name for name, _ in pairs]
    is_counted = all(type(name) is int for name in names) and names == list(range(len(names)))
    return Table(None if is_counted else [_name(name) for name in names], joined(arrays, len(frame)))


def joined(arrays: list[NDArray[Any]], count: int) -> NDArray[Any]:
    """Return the columns side by side, as an array of ``count`` rows."""
    if not arrays:
        return np.empty((count, 0))
    kinds = {array.dtype.kind for array in arrays}
    if len(kinds) == 1 and kinds <= set("bUM") | set(_WHOLE):
        stacked = np.column_stack(arrays)
        if stacked.dtype.kind in kinds:  # not so for int64 beside uint64
            return stacked
    elif kinds <= set("fiu") and all(_is_exact(array) for array in arrays):
        return np.column_stack(arrays)
    rows = np.empty((count, len(arrays)), object)
    for index, array in enumerate(arrays):
        rows[:, index] = _objects(array)
    return rows


def column_array(column: Any) -> NDArray[Any]:
    """Return the values of a column; missing ones are NaN among floats, NaT among dates, else None."""
    try:
        array: NDArray[Any] = np.asarray(column.to_numpy())
    except (ValueError, TypeError, NotImplementedError):  # an Arrow array with nulls or of another type
        array = _listed(column)
    if array.ndim != 1:  # records and lists of one length
        array = _listed(column)
    if array.dtype.kind != "O":
        return array
    if hasattr(column, "isna"):
        missing = np.asarray(column.isna(), bool)
        if missing.any():
            array = array.copy()
            array[missing] = None
    return floats_of(array)


def _pandas_columns(frame: Any) -> Iterable[tuple[Any, Any]]:
    columns: Iterable[tuple[Any, Any]] = frame.items()
    return columns


def _name(label: Any) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _listed(column: Any) -> NDArray[Any]:
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    array = np.empty(len(values), object)
    array[:] = values
    return array


def floats_of(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of numbers and None as one of floats with NaN, if those hold them exactly."""
    kinds = set(map(type, array.tolist()))
    if type(None) not in kinds or kinds - {int, float, type(None)} or len(kinds) == 1:
        return array
    if any(type(value) is int and abs(value) > _LARGEST_EXACT for value in array):
        return array
    return np.array([np.nan if value is None else value for value in array], np.float64)


def _is_exact(array: NDArray[Any]) -> bool:
    """Return whether a 64-bit float holds every value of the array."""
    if array.dtype.kind == "f" or array.dtype.itemsize < 8 or not array.size:
        return True
    return int(array.max()) <= _LARGEST_EXACT and int(array.min()) >= -_LARGEST_EXACT


def _objects(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind in "Mm":  # whose own objects lose digits
        values = np.empty(len(array), object)
        values[:] = list(array)
        return values
    return array.astype(object)
