"""Data frames and columns of pandas, Polars, PyArrow and libraries alike, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.inference.arrays.columns import LARGEST_EXACT, floats_of, joined
from seldon_runtime.protocols.arrays import object_array

_WIDE = ("int64", "uint64")
_NOT_OF_NUMPY = ("dictionary<", "tz=", "uuid", "bool8", "month_day")
"""Parts of the names of Arrow's types whose values PyArrow alters for NumPy: it drops zones, for example."""
_FINE_TIMES = ("time64[ns]", "Time")
"""The starts of the types of times of a day in nanoseconds, of Arrow and of Polars; ``time`` drops digits."""
_DAYS = "date64"
"""The start of Arrow's type of days that are counted in milliseconds."""
_NARROW = {bool, int, float}
_OBJECT, _BOOL = np.dtype(object), np.dtype(bool)
_PLAIN = frozenset({_OBJECT, _BOOL, np.dtype(np.int64), np.dtype(np.float64)})
"""Types of columns whose rows, made of lists, are those of an array of objects."""
_SCALARS = frozenset({str, int, float, bool, type(None)})
Columns = Callable[[Any], Iterable[tuple[Any, Any]]]
"""Function that returns the names and the columns of a frame."""


@dataclass(slots=True)
class Table:
    """The columns of a frame, ``count`` values each, and their names; None if the frame only counts them."""

    names: list[str] | None
    columns: Sequence[NDArray[Any]]
    count: int

    @property
    def plain_rows(self) -> list[list[Any]] | None:
        """The rows as lists of JSON's types; None if the columns have a common type, or hold other values."""
        types = {column.dtype for column in self.columns}
        if not types <= _PLAIN or not (_OBJECT in types or (_BOOL in types and len(types) > 1)):
            return None
        columns = [column.tolist() for column in self.columns]
        if not all(
            _SCALARS.issuperset(map(type, values))
            for values, column in zip(columns, self.columns, strict=True)
            if column.dtype.kind == "O"
        ):
            return None
        return list(map(list, zip(*columns, strict=True)))

    @property
    def rows(self) -> NDArray[Any]:
        """The columns side by side: of one type if it keeps every value, else an array of objects."""
        return joined(self.columns, self.count)


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


def arrow_value(value: Any) -> Any:
    """Return a single value of PyArrow; a time of a day as text if ``time`` would lose its nanoseconds."""
    is_fine = (
        str(getattr(value, "type", "")).startswith(_FINE_TIMES) and value.is_valid and value.value % 1000
    )
    return value.cast("string").as_py() if is_fine else value.as_py()


def table(columns: Columns, frame: Any) -> Table:
    """Return the columns of a frame as arrays."""
    pairs = list(columns(frame))
    arrays = [column_array(column) for _, column in pairs]
    names = [name for name, _ in pairs]
    is_counted = all(type(name) is int for name in names) and names == list(range(len(names)))
    return Table(None if is_counted else [_name(name) for name in names], arrays, len(frame))


def of_fields(array: NDArray[Any]) -> Table:
    """Return the fields of a structured array of one dimension as columns."""
    names = array.dtype.names or ()
    return Table(list(names), [_field(array[name]) for name in names], len(array))


def column_array(column: Any) -> NDArray[Any]:
    """Return the values of a column; missing ones are NaN among floats, NaT among dates, else None."""
    array = _arrow_array(column) if hasattr(column, "to_pylist") else _numpy_array(column)
    if array.ndim != 1 or _lost_digits(column, array):  # the former: records and lists of one length
        array = _listed(column)
    if array.dtype.kind != "O":
        return array
    if hasattr(column, "isna"):
        inner = getattr(column, "array", column)  # whose missing values need no Series around them
        missing = np.asarray(inner.isna() if hasattr(inner, "isna") else column.isna(), bool)
        if not missing.any():
            return array
        array = array.copy()
        array[missing] = None
    return floats_of(array)


def _arrow_array(column: Any) -> NDArray[Any]:
    """Return a column of PyArrow; of types that PyArrow alters for NumPy, the values that it lists."""
    kind = str(column.type)
    if kind.startswith(_FINE_TIMES) and (texts := _fine_times(column)) is not None:
        return texts
    if any(part in kind for part in _NOT_OF_NUMPY):
        return _listed(column)
    try:
        return np.asarray(column.cast("date32") if kind.startswith(_DAYS) else column)
    except (ValueError, TypeError, NotImplementedError):  # of a type that NumPy lacks
        return _listed(column)


def _numpy_array(column: Any) -> NDArray[Any]:
    """Return a column of pandas, Polars or a library alike."""
    if getattr(getattr(column, "dtype", None), "time_zone", None):  # Polars; NumPy's times have no zone
        return _zoned(column)
    try:
        array = np.asarray(column.to_numpy())
        if array.dtype.kind == "O" and str(column.dtype).startswith(_FINE_TIMES):
            texts = _fine_times(column)
            return array if texts is None else texts
        return array
    except Exception:  # noqa: BLE001 - each library has errors of its own for a type that NumPy lacks
        return _listed(column)


def _zoned(column: Any) -> NDArray[Any]:
    """Return times of Polars with their zone; as text if ``datetime`` would lose digits of a nanosecond."""
    if column.dtype.time_unit == "ns" and (column.dt.nanosecond() % 1000 != 0).any():
        return object_array(column.dt.to_string("iso:strict").to_list())
    return object_array(column.to_list())


def _fine_times(column: Any) -> NDArray[Any] | None:
    """Return times of a day as text if ``time`` would lose digits of a nanosecond; None for others."""
    if hasattr(column, "dt") and hasattr(column, "null_count"):  # Polars
        has_digits = (column.dt.nanosecond() % 1000 != 0).any()
        return object_array(column.dt.to_string("iso:strict").to_list()) if has_digits else None
    inner = getattr(column, "array", column)  # of pandas
    arrow = inner.__arrow_array__() if hasattr(inner, "__arrow_array__") else inner
    counts = arrow.cast("int64").to_pylist()
    has_digits = any(count is not None and count % 1000 for count in counts)
    return object_array(arrow.cast("string").to_pylist()) if has_digits else None


def _field(values: NDArray[Any]) -> NDArray[Any]:
    """Return a field of a structured array; masked values are missing, arrays and records are objects."""
    is_masked = isinstance(values, np.ma.MaskedArray)
    if values.ndim == 1 and values.dtype.kind in "Mm":
        return np.ma.filled(values, values.dtype.type("NaT")) if is_masked else values
    if values.ndim == 1 and values.dtype.names is None and not np.ma.is_masked(values):
        return np.asarray(values)
    return floats_of(object_array(values if values.dtype.names else values.tolist()))


def _lost_digits(column: Any, array: NDArray[Any]) -> bool:
    """Return whether an array of floats stands for whole numbers and null, of which it cannot hold each."""
    if array.dtype.kind != "f":
        return False
    dtype = str(getattr(column, "dtype", "") or getattr(column, "type", "")).lower()
    return dtype.startswith(_WIDE) and bool((np.abs(array) > LARGEST_EXACT).any())


def _pandas_columns(frame: Any) -> Iterable[tuple[Any, Any]]:
    """Return the columns of a frame of pandas, whose own iteration over labels of text is slow."""
    labels = list(frame.columns.tolist()) if hasattr(frame.columns, "tolist") else list(frame.columns)
    view = frame.copy(deep=False)
    view.columns = range(len(labels))
    return zip(labels, [view[place] for place in range(len(labels))], strict=True)


def _name(label: Any) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _listed(column: Any) -> NDArray[Any]:
    """Return the values of a column as its library lists them, in one type if all are numbers or booleans."""
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    kinds = set(map(type, values))
    if len(kinds) == 1 and kinds <= _NARROW:
        with suppress(OverflowError):
            array = np.array(values)
            if array.dtype.kind in "biu" or kinds == {float}:  # not floats that lose digits
                return array
    return object_array(values)
