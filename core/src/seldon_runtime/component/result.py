"""The result of a user's method as the answer's payload: kind, value and names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from math import prod
from operator import index
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.arrays.masks import filled_with_nan, is_masked, loses_parts
from seldon_runtime.component.calls.unfinished import UNFINISHED, Unfinished
from seldon_runtime.component.user_api import Response
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.arrays.columns import Columns, is_exact
from seldon_runtime.inference.limits import DEFAULT_ARRAY_VALUES
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, NDARRAY, TENSOR, TFTENSOR, Kind, Payload
from seldon_runtime.protocols.arrays import as_floats
from seldon_runtime.protocols.exact_arrays import exact_array
from seldon_runtime.protocols.libraries.forms import Form, conversion_of, is_mapping
from seldon_runtime.protocols.libraries.frames import Table, of_fields
from seldon_runtime.protocols.libraries.remedies import remedy_of
from seldon_runtime.protocols.libraries.tensors import is_of_library, known
from seldon_runtime.protocols.plain_values import is_absent, key_texts, plain_array, plain_value

Names = Callable[[], Sequence[Any] | None]
"""Function that returns the component's column names, or None if it has no names."""

_NUMBERS_OR_NONE = frozenset({float, int, type(None)})
SINGLE = bool | int | float | date | time | timedelta | Decimal | UUID | np.generic
_MOST_NAMES_KEPT = 4096
"""The widest answer whose names are cached: a client may choose the width, and memory is more precious."""


def pack(
    result: object, requested: Kind | None, names: Names, most_values: int = DEFAULT_ARRAY_VALUES
) -> Payload:
    """Return the payload for ``result``; ``requested`` is the request's kind, None without data.

    Numeric arrays and lists have the array kind of the request (TENSOR by default); arrays of text,
    booleans or objects become NDARRAY. ``names`` is called only for results of two or more
    dimensions; otherwise the names are empty. Dicts, lists and NDARRAY hold plain values afterwards.
    ARRAYS stands for a request that is a table: a result with named columns keeps them as Columns.
    Values of other libraries, and single values, are converted first. A sparse array may have at most
    ``most_values`` values, zeros included.

    Raises:
        SeldonError: COMPONENT_FAILED when a payload cannot hold the type of ``result``, or of a value in it.
    """
    if isinstance(result, np.ndarray):  # first, as most results are arrays
        return _pack_array(result, requested, names)
    if isinstance(result, str):
        return Payload(Kind.STR, result)
    if isinstance(result, bytes | bytearray):
        return Payload(Kind.BINARY, bytes(result))
    if type(result) is dict or (isinstance(result, Mapping) and is_mapping(result)):
        return Payload(Kind.JSON, plain(result))
    if is_dataclass(result) and not isinstance(result, type):
        return Payload(Kind.JSON, plain(result))
    if isinstance(result, list | tuple):
        return _pack_list(list(result), requested, names)
    if hasattr(type(result), "DESCRIPTOR"):  # of the class: frames search their columns for an attribute
        return Payload(Kind.CUSTOM, result)
    return _pack_other(result, requested, names, most_values)


def plain(value: Any) -> Any:
    """Return a value of user code in JSON's types.

    Raises:
        SeldonError: COMPONENT_FAILED when the value has an unsupported type.
    """
    try:
        return plain_value(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _unwritable(error) from error


def keys_of(members: Mapping[Any, Any]) -> list[str]:
    """Return the keys of a mapping as text.

    Raises:
        SeldonError: COMPONENT_FAILED when a key has an unsupported type, or two become the same text.
    """
    try:
        return key_texts(members)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unwritable(error) from error


def branch_array(result: Any) -> Any:
    """Return the branch that a route chose as the protocol's 1 x 1 array.

    Raises:
        SeldonError: COMPONENT_FAILED when it is not a whole number.
    """
    response = result if isinstance(result, Response) else None
    branch = response.data if response else result
    if not isinstance(branch, int | np.integer | np.bool_):
        branch = _whole_number(branch)
    array = np.array([[branch]])
    return Response(array, response.tags, response.metrics) if response else array


def _whole_number(branch: Any) -> int:
    try:
        return index(branch)  # of a tensor with one number
    except (TypeError, ValueError, RuntimeError) as error:
        raise SeldonError(
            f"route returned {type(branch).__name__}, expected the whole number of a branch",
            code=ErrorCode.COMPONENT_FAILED,
        ) from error


def _pack_other(result: Any, requested: Kind | None, names: Names, most_values: int) -> Payload:
    """Return the payload of a single value, a collection, or a value of another library."""
    if isinstance(result, Enum):
        return pack(result.value, requested, names, most_values)
    if isinstance(result, memoryview):
        return Payload(Kind.BINARY, result.tobytes())
    if isinstance(result, SINGLE) or is_absent(result):
        value = plain(result)
        if type(value) is dict:  # a record of a structured array
            return Payload(Kind.JSON, value)
        return Payload(Kind.STR, value) if type(value) is str else _pack_scalar(result, requested, names)
    form, value = converted_result(result, most_values)
    if form is Form.IMAGE:
        return Payload(Kind.BINARY, value)
    if form is Form.TABLE:
        return _pack_table(value, requested, names)
    if value is None:  # of a missing value of PyArrow
        return _pack_scalar(None, requested, names)
    if form is Form.PLAIN:
        return pack(value, requested, names, most_values)
    return _pack_array(value, requested, names) if value.ndim else _pack_scalar(value, requested, names)


def _pack_table(table: Table, requested: Kind | None, names: Names) -> Payload:
    own = table.names
    if requested is ARRAYS and own and len(set(own)) == len(own):
        return Payload(ARRAYS, Columns(zip(own, table.columns, strict=True)), own)
    rows = table.plain_rows
    if rows is not None:  # of most columns of several types
        return _named_list(rows, (table.count, len(table.columns)), names if own is None else lambda: own)
    return _pack_array(table.rows, requested, names if own is None else lambda: own)


def converted_result(result: object, most_values: int = DEFAULT_ARRAY_VALUES) -> tuple[Form, Any]:
    """Return a value of another library in a form that answers have.

    Raises:
        SeldonError: COMPONENT_FAILED when the type of ``result`` has no form, or too many values; Unfinished
            when it must be awaited, or is a generator.
    """
    conversion = conversion_of(type(result))
    if conversion is None:
        if isinstance(result, Awaitable):
            raise Unfinished(result)
        if type(result) in UNFINISHED:
            raise Unfinished(result, _unexpected(type(result)))
        raise SeldonError(_unexpected(type(result)), code=ErrorCode.COMPONENT_FAILED)
    form, convert = conversion
    if form is Form.SPARSE:
        _check_size(result, most_values)
    try:
        return form, convert(result)
    except TypeError as error:
        raise _unwritable(error) from error


def _pack_scalar(value: Any, requested: Kind | None, names: Names) -> Payload:
    """Return a single value: as an array of one row and column for a request with data, else as JSON."""
    if requested in DATA_KINDS or requested is ARRAYS:
        return _pack_array(np.asarray(value).reshape(1, 1), requested, names)
    return Payload(Kind.JSON, plain(value))


def _check_size(sparse: Any, most_values: int) -> None:
    count = prod(sparse.shape)
    if count > most_values:
        raise SeldonError(
            f"the component returned {type(sparse).__name__} of shape {tuple(sparse.shape)}, which has "
            f"{count} values with its zeros, at most {most_values} are accepted (SELDON_MAX_ARRAY_VALUES)",
            code=ErrorCode.COMPONENT_FAILED,
        )


def _unexpected(kind: type) -> str:
    if kind is type(None):
        return "the component returned None, expected a value: the method may lack a return statement"
    return (
        f"the component returned {kind.__name__}, expected an array, table, list, number, text, bytes, dict, "
        f"record or image. {remedy_of(kind)}"
    )


def _pack_list(values: list[Any], requested: Kind | None, names: Names) -> Payload:
    if loses_parts(values):
        return _pack_whole_list(plain(values), requested, names)
    try:
        array = exact_array(values)
    except (ValueError, OverflowError):  # ragged rows, which JSON can hold but arrays cannot
        return Payload(NDARRAY, plain(values), [])
    except (TypeError, RuntimeError):  # a tensor that NumPy does not read by itself
        return _pack_list(plain(values), requested, names)
    if array.dtype.kind not in "fiu" or requested is NDARRAY:
        return _named_list(plain(values), array.shape, names)
    return _pack_array(array, requested, names)


def _pack_whole_list(values: list[Any], requested: Kind | None, names: Names) -> Payload:
    try:
        array = np.array(values, object)
    except ValueError:  # ragged rows
        return Payload(NDARRAY, values, [])
    kinds = set(map(type, array.ravel().tolist()))
    if kinds <= _NUMBERS_OR_NONE and requested is not NDARRAY:
        numbers = as_floats(array, words=False) if type(None) in kinds else exact_array(values)
        if numbers is not None and numbers.dtype.kind != "O":
            return _pack_array(numbers, requested, names)
    return _named_list(values, array.shape, names)


def _pack_array(array: NDArray[Any], requested: Kind | None, names: Names) -> Payload:
    value: Any = array
    is_numeric = array.dtype.kind in "fiu"
    kind = NDARRAY
    if array.dtype.names and array.ndim == 1:
        return _pack_table(of_fields(array), requested, names)
    if not is_numeric and is_of_library(array.dtype):
        return _pack_array(known(array), requested, names)
    if is_numeric:
        kind = requested if requested is NDARRAY or requested is TFTENSOR else TENSOR
    if type(array) is not np.ndarray or not is_numeric:
        kind, value = _written(array, kind)
    if array.ndim < 2:
        return Payload(kind, value, [])
    own = names()
    return Payload(kind, value, default_names(array.shape[1]) if own is None else own)


def _written(array: NDArray[Any], kind: Kind) -> tuple[Kind, Any]:
    """Return the kind and the value of a payload for a masked array, or one of booleans, text or objects."""
    if isinstance(array, np.ma.MaskedArray) and is_masked(array):
        if kind is NDARRAY or not is_exact(array):
            return NDARRAY, _listed(array)
        return kind, filled_with_nan(array)
    base = np.asarray(array)
    return kind, base if base.dtype.kind in "fiub" else _listed(base)


def _named_list(values: Any, shape: tuple[int, ...], names: Names) -> Payload:
    """Return a list of plain values, which has the shape of an array."""
    if len(shape) < 2:
        return Payload(NDARRAY, values, [])
    own = names()
    return Payload(NDARRAY, values, default_names(shape[1]) if own is None else own)


def _listed(array: NDArray[Any]) -> Any:
    try:
        return plain_array(array)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _unwritable(error) from error


def _unwritable(error: Exception) -> SeldonError:
    reason = "it contains itself, or nests too deeply" if isinstance(error, RecursionError) else error
    return SeldonError(f"the component's answer cannot be written: {reason}", code=ErrorCode.COMPONENT_FAILED)


def default_names(count: int) -> tuple[str, ...]:
    """Return the protocol's names for unnamed columns: ``t:0``, ``t:1`` and so on."""
    return _kept_names(count) if count <= _MOST_NAMES_KEPT else _made_names(count)


def _made_names(count: int) -> tuple[str, ...]:
    return tuple([f"t:{i}" for i in range(count)])


_kept_names = lru_cache(maxsize=64)(_made_names)
