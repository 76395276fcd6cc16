"""Columns with names from a request, and the data frames of libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.hints.pandas_texts import text_columns
from seldon_runtime.component.hints.places import Convert, OfColumns, place_of, refusal
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays import columns as table
from seldon_runtime.inference.arrays.named_arrays import as_single, columns_of, is_column
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, Kind, Payload
from seldon_runtime.protocols.arrays import as_floats
from seldon_runtime.protocols.times import date_texts

_BEYOND = 2**63
_FINE = ("ns", "ps", "fs", "as")
"""The units of NumPy's times that ``datetime`` has not."""
_OBJECT = frozenset({dict})
_DTYPES: dict[type, type] = {bool: np.bool_, int: np.int64, float: np.float64}


class Columns(NamedTuple):
    """The columns of a request: arrays of one type, or of objects where types mix.

    ``names`` are None if the request has none.
    """

    names: list[str] | None
    values: list[NDArray[Any]]


def columns_in(payload: Payload) -> Columns:
    """Return the columns of a payload.

    They come from arrays by name, from an array with ``names``, from a list of objects, from an object of
    lists, or from one object, which is a row. An array of one dimension is a row, but the only one of arrays
    by name is a column.

    Raises:
        SeldonError: BAD_DATA when the payload has no columns, or the names do not fit.
    """
    value = payload.value
    if payload.kind is ARRAYS:
        return _all_narrowed(_of_arrays(payload))
    if payload.kind in DATA_KINDS:
        array = np.asarray(value)
        if _holds_records(array):
            return _of_records(array.tolist(), place_of(payload))
        return _all_narrowed(_of_array(array, payload))
    if payload.kind is Kind.JSON and type(value) is list and set(map(type, value)) <= _OBJECT:
        return _of_records(value, "jsonData")
    if payload.kind is Kind.JSON and type(value) is dict:
        if value and all(type(column) is list for column in value.values()):
            return _of_lists(value)
        return _of_records([value], "jsonData")
    raise refusal(payload, "a table: data with names, or records in jsonData")


def records_in(payload: Payload) -> list[dict[str, Any]]:
    """Return the rows of a payload with names as dicts, in which null of an ``ndarray`` is None."""
    if payload.kind is ARRAYS:
        names, values = _of_arrays(payload)
    else:
        array = np.asarray(payload.value)
        if _holds_records(array):
            return list(array.tolist())
        names, values = _of_array(array, payload)
    if names is None:
        raise SeldonError("data.names is absent, and the component expects the name of each column")
    return [dict(zip(names, row, strict=True)) for row in zip(*map(_listed, values), strict=True)]


def pandas_frame(make: Callable[..., Any]) -> Convert:
    """Return the conversion to a ``pandas.DataFrame``; without names its columns are numbered."""
    of_texts = text_columns(make)

    def convert(payload: Payload) -> Any:
        names, values = columns_in(payload)
        columns = values if of_texts is None else map(of_texts, values)
        return make(dict(enumerate(columns) if names is None else zip(names, columns, strict=True)))

    return OfColumns(convert)


def polars_frame(make: Callable[..., Any]) -> Convert:
    """Return the conversion to a ``polars.DataFrame``; columns without names are ``column_0`` and so on.

    Columns that mix types, or have whole numbers beyond 64 bits, are of Polars' type ``Object``.
    """
    library = import_module("polars")

    def convert(payload: Payload) -> Any:
        return make({name: _of_polars(column, library) for name, column in _named(payload)}, strict=False)

    return OfColumns(convert)


def arrow_table(make: Callable[..., Any]) -> Convert:
    """Return the conversion to a ``pyarrow.Table``; ``make`` is its ``from_pydict``."""
    library = import_module("pyarrow")

    def convert(payload: Payload) -> Any:
        return make({name: _of_arrow(column, library) for name, column in _named(payload)})

    return OfColumns(convert)


def arrays_by_name() -> Convert:
    """Return the conversion to arrays by their names: the columns, or the inputs of V2 as they are."""

    def convert(payload: Payload) -> dict[str, NDArray[Any]]:
        is_single = payload.kind is ARRAYS and len(payload.value) == 1 and payload.names
        if payload.kind is ARRAYS and not is_single:
            return dict(payload.value)
        return dict(_named(payload))

    return OfColumns(convert)


def _named(payload: Payload) -> list[tuple[str, NDArray[Any]]]:
    names, values = columns_in(payload)
    return list(zip(names or [f"column_{i}" for i in range(len(values))], values, strict=True))


def _of_arrow(column: NDArray[Any], library: Any) -> Any:
    """Return a column for PyArrow, which tells null from NaN, for which requests have no word."""
    if column.dtype.kind == "f":
        return library.array(column, from_pandas=True)
    if column.dtype.kind not in "OU":
        return column
    values = column.tolist()
    return library.array(values, library.uint64()) if _is_unsigned(values) else values


def _of_polars(column: NDArray[Any], library: Any) -> Any:
    """Return a column for Polars, which tells null from NaN, too."""
    if column.dtype.kind == "f":
        return library.Series(column).fill_nan(None)
    if column.dtype.kind not in "OU":
        return column
    values = column.tolist()
    if _is_unsigned(values):
        return library.Series(values, dtype=library.UInt64)
    kinds = set(map(type, values)) - {type(None)}
    if kinds in ({list}, {dict}):
        series = library.Series(values, strict=False)  # which makes text of numbers beside text
        return series if _holds(series.to_list(), values) else library.Series(values, dtype=library.Object)
    is_kept = len(kinds) < 2 and (kinds != {int} or all(abs(value or 0) < _BEYOND for value in values))
    return values if is_kept else library.Series(values, dtype=library.Object)


def _holds(made: Any, sent: Any) -> bool:
    """Return whether nested values are those that were sent; a member that was absent may be null."""
    if type(sent) is list and type(made) is list:
        return len(made) == len(sent) and all(map(_holds, made, sent))
    if type(sent) is dict and type(made) is dict:
        return all(_holds(made.get(name), value) for name, value in sent.items())
    return bool(made == sent or made != made)


def _is_unsigned(values: list[Any]) -> bool:
    """Return whether whole numbers, beside null, need 64 bits without a sign."""
    if set(map(type, values)) - {type(None)} != {int}:
        return False
    present: list[int] = [value for value in values if value is not None]
    return min(present) >= 0 and _BEYOND <= max(present) < 2 * _BEYOND


def _of_arrays(payload: Payload) -> Columns:
    value = payload.value
    if type(value) is not table.Columns:
        if len(value) == 1 and (payload.names or not all(map(is_column, value.values()))):
            single = as_single(payload)
            return _of_array(np.asarray(single.value), single)
        value = columns_of(value)
    return Columns(list(value), list(value.values()))


def _of_array(array: NDArray[Any], payload: Payload) -> Columns:
    if array.ndim == 1:
        is_empty = not array.size and payload.names
        array = array.reshape(0, len(payload.names)) if is_empty else array.reshape(1, -1)  # type: ignore[arg-type]
    if array.ndim != 2:
        raise SeldonError(
            f"{place_of(payload)} has {array.ndim} dimensions, and the component expects rows and columns"
        )
    names = [str(name) for name in payload.names or ()]
    if names and len(names) != array.shape[1]:
        raise SeldonError(f"data.names has {len(names)} names for {array.shape[1]} columns")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SeldonError(f"data.names has {twice!r:.80} twice")
    return Columns(names or None, [array[:, index] for index in range(array.shape[1])])


def _holds_records(array: NDArray[Any]) -> bool:
    return array.ndim == 1 and bool(array.size) and all(type(row) is dict for row in array)


def _listed(column: NDArray[Any]) -> list[Any]:
    """Return the values of a column; times as ``datetime``, or as text if that would lose digits."""
    if column.dtype.kind == "M" and np.datetime_data(column.dtype)[0] in _FINE:
        rounded = column.astype("M8[us]")
        is_exact = np.isnat(column) | (rounded.astype(column.dtype) == column)
        column = rounded if is_exact.all() else np.array(date_texts(column), object)
    values: list[Any] = column.tolist()
    return values


def _all_narrowed(columns: Columns) -> Columns:
    return Columns(columns.names, [_narrowed(column) for column in columns.values])


def _of_records(records: list[dict[str, Any]], place: str) -> Columns:
    if not records:
        raise SeldonError(f"{place} is empty, and the component expects at least one record")
    names = list(records[0])
    if len(names) > 1 and set(map(len, records)) == {len(names)}:  # of nearly every request
        with suppress(KeyError):
            flat = list(chain.from_iterable(map(itemgetter(*names), records)))
            return Columns(names, [_column(flat[index :: len(names)]) for index in range(len(names))])
    names = list(dict.fromkeys(name for record in records for name in record))
    return Columns(names, [_column([record.get(name) for record in records]) for name in names])


def _of_lists(columns: dict[str, list[Any]]) -> Columns:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise SeldonError("the columns in jsonData have different lengths")
    return Columns(list(columns), [_column(column) for column in columns.values()])


def _column(values: list[Any]) -> NDArray[Any]:
    kinds: set[type] = {str} if table.are_texts(values) else set(map(type, values))
    narrow = _of_one_type(values, kinds)
    if narrow is not None:
        return narrow
    column = np.empty(len(values), object)
    column[:] = values
    return _with_floats(column, kinds)


def _narrowed(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of objects as one of numbers or booleans, if it holds only these and null."""
    if column.dtype.kind != "O":
        return column
    values = column.tolist()
    if table.are_texts(values):
        return column
    kinds = set(map(type, values))
    narrow = _of_one_type(values, kinds)
    return _with_floats(column, kinds) if narrow is None else narrow


def _of_one_type(values: Sequence[Any], kinds: set[type]) -> NDArray[Any] | None:
    """Return an array of values that are all numbers of one type or all booleans; None for others."""
    dtype = _DTYPES.get(next(iter(kinds))) if len(kinds) == 1 else None
    if dtype is None:
        return None
    with suppress(OverflowError):  # of a whole number beyond 64 bits
        return np.fromiter(values, dtype, len(values))  # which looks at each value once
    return None


def _with_floats(column: NDArray[Any], kinds: set[type]) -> NDArray[Any]:
    if float in kinds or (int in kinds and type(None) in kinds):
        floats = as_floats(column, words=False)
        return column if floats is None else floats
    return column
