"""The result of a user's method as arrays by name, and such arrays in a form that the v1 protocol has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.arrays.masks import filled_with_nan, is_masked, loses_parts
from seldon_runtime.component.result import SINGLE, converted_result, keys_of, plain
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.arrays.columns import are_texts, is_exact
from seldon_runtime.inference.limits import DEFAULT_ARRAY_VALUES
from seldon_runtime.protocols.arrays import object_array
from seldon_runtime.protocols.exact_arrays import exact_array
from seldon_runtime.protocols.libraries.forms import Form, conversion_of, is_mapping
from seldon_runtime.protocols.libraries.frames import Table, of_fields
from seldon_runtime.protocols.plain_values import is_absent

OUTPUT = "output-0"
"""The name of an output that the class neither names nor declares."""
_ARRAYS = (np.ndarray, list, tuple)
_SINGLE = (str, bytes, bytearray, bool, int, float, np.generic)


def pack_arrays(
    result: object, outputs: Sequence[str], most_values: int = DEFAULT_ARRAY_VALUES
) -> dict[str, NDArray[Any]]:
    """Return the arrays by name.

    An array, a list, a text, a date or a number becomes the first of ``outputs``. A dict or record of these
    has a name for each, and a table or structured array an array for each column; columns of one type that
    are only numbered stay one array. Any other dict, text or bytes alone become an array of one element.

    Raises:
        SeldonError: COMPONENT_FAILED when ``result`` has an unsupported type or, as a sparse array, more than
            ``most_values`` values, or when two columns or keys have one name.
    """
    if type(result) is np.ndarray:  # first, as most results are arrays
        return {outputs[0]: result} if result.dtype.names is None else _of_array(result, outputs[0])
    if isinstance(result, Mapping) and is_mapping(result):
        return _members(result, outputs[0], most_values)
    if isinstance(result, np.ndarray):
        return _of_array(result, outputs[0])
    if isinstance(result, np.void):  # a record of a structured array
        return pack_arrays(plain(result), outputs, most_values)
    if isinstance(result, (*_ARRAYS, *_SINGLE)):
        return {outputs[0]: _array(result)}
    if isinstance(result, Enum):
        return pack_arrays(result.value, outputs, most_values)
    if isinstance(result, memoryview):
        return {outputs[0]: _only(result.tobytes())}
    if isinstance(result, SINGLE) or is_absent(result):
        return {outputs[0]: _array(plain(result))}
    if is_dataclass(result) and not isinstance(result, type):
        return pack_arrays(plain(result), outputs, most_values)
    form, value = converted_result(result, most_values)
    if form is Form.TABLE:
        return _table(value, outputs[0])
    if value is None:  # of a missing value of PyArrow
        return {outputs[0]: _array(value)}
    return pack_arrays(_column(value) if form is Form.ARRAY else value, outputs, most_values)


def _members(members: Mapping[Any, Any], output: str, most_values: int) -> dict[str, NDArray[Any]]:
    """Return an array for each member if all are arrays or single values, else one with the whole mapping."""
    names = keys_of(members)
    values = {
        name: _array_like(value, most_values) for name, value in zip(names, members.values(), strict=True)
    }
    if values and all(isinstance(value, (*_ARRAYS, *_SINGLE)) for value in values.values()):
        return {name: _array(value) for name, value in values.items()}
    return {output: _only(plain(dict(members)))}


def _of_array(array: NDArray[Any], output: str) -> dict[str, NDArray[Any]]:
    """Return a masked or structured array, or one of another subclass."""
    if array.dtype.names and array.ndim == 1:
        return _table(of_fields(array), output)
    return {output: _whole(array)}


def _array_like(value: Any, most_values: int) -> Any:
    """Return an array of another library as one of NumPy, a date as text, and a collection as a list.

    A record, a table, and a value without a form, are returned as they are.
    """
    if isinstance(value, (*_ARRAYS, *_SINGLE)):
        return value
    if isinstance(value, SINGLE | Enum):
        return plain(value)
    conversion = conversion_of(type(value))
    if conversion is None or conversion.form not in (Form.ARRAY, Form.SPARSE, Form.PLAIN):
        return value
    form, converted = converted_result(value, most_values)
    if form is Form.PLAIN:
        is_kept = converted is None or isinstance(converted, dict)
        return value if is_kept else _array_like(converted, most_values)
    return _column(converted)


def _table(table: Table, output: str) -> dict[str, NDArray[Any]]:
    """Return an array for each column, or one array for columns of one type that are only numbered."""
    names = table.names or [f"{output}:{index}" for index in range(len(table.columns))]
    if not table.names and (not (rows := table.rows).dtype.hasobject or _is_text(rows)):
        return {output: rows}
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SeldonError(
            f"the result has two columns named {twice!r:.80}, expected a name of its own for each",
            code=ErrorCode.COMPONENT_FAILED,
        )
    return {name: _column(column) for name, column in zip(names, table.columns, strict=True)}


def _is_text(array: NDArray[Any]) -> bool:
    return set(map(type, array.reshape(-1).tolist())) == {str}


def _column(values: NDArray[Any]) -> NDArray[Any]:
    """Return a column of objects in the type of its own values; any other array as it is."""
    if values.dtype.kind != "O" or values.ndim != 1 or not values.size or are_texts(values.tolist()):
        return values
    return _array(values.tolist())


def v1_result(arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return one array itself, and several as a dict of lists; bytes that are text become text.

    An array whose only value is a dict, or bytes that are not text, is this value.

    Raises:
        SeldonError: COMPONENT_FAILED for bytes beside other values that are not UTF-8.
    """
    if len(arrays) == 1:
        ((name, array),) = arrays.items()
        only = array[0] if array.dtype.kind in "OS" and array.shape == (1,) else None
        return only if _stands_alone(only) else _readable(array, name)
    return {name: plain(_readable(array, name)) for name, array in arrays.items()}


def _stands_alone(value: object) -> bool:
    """Return whether a value is a dict, or bytes that are not UTF-8."""
    if not isinstance(value, bytes):
        return isinstance(value, dict)
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def _array(value: Any) -> NDArray[Any]:
    if isinstance(value, np.ndarray):
        return _whole(value)
    if isinstance(value, str | bytes | bytearray):
        return _only(value if isinstance(value, str) else bytes(value))
    if isinstance(value, _SINGLE) or value is None:
        return np.array([value])
    if loses_parts(value):
        value = plain(value)
    try:
        array = exact_array(value)
        if array.dtype.kind in "SU":  # fixed width drops zero bytes at the end, and makes text of numbers
            array = np.array(value, object)
    except (ValueError, OverflowError):  # ragged rows
        return object_array(value)
    except (TypeError, RuntimeError):  # a tensor that NumPy does not read by itself
        return _array(plain(value))
    return array


def _whole(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array without a mask: masked values are NaN among numbers, and None among others."""
    if not isinstance(array, np.ma.MaskedArray) or not is_masked(array):
        return np.asarray(array)
    kind = array.dtype.kind
    if kind == "f" or (kind in "iu" and is_exact(array)):
        return filled_with_nan(array)
    if kind in "Mm":
        dates: NDArray[Any] = array.filled(array.dtype.type("NaT"))
        return dates
    if kind == "V":
        return object_array(plain(array.reshape(-1))).reshape(array.shape)
    whole: NDArray[Any] = array.data.astype(object)
    whole[np.ma.getmaskarray(array)] = None
    return whole


def _only(value: object) -> NDArray[Any]:
    return object_array([value])


def _readable(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array with text in place of bytes, which JSON cannot hold."""
    if array.dtype.kind not in "OS":
        return array
    values = array.astype(object).reshape(-1).tolist()
    try:
        texts = [value.decode() if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        raise SeldonError(
            f"the output {name!r:.80} has bytes that are not UTF-8, which JSON cannot hold: {error}. Return "
            "one value alone, which becomes binData, or encode each with base64",
            code=ErrorCode.COMPONENT_FAILED,
        ) from error
    return object_array(texts).reshape(array.shape)
