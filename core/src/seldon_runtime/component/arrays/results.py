"""The result of a user's method as arrays by name, and such arrays in a form that the v1 protocol has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.result import SINGLE, converted_result, plain
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import DEFAULT_ARRAY_VALUES
from seldon_runtime.protocols.libraries.forms import Form, conversion_of
from seldon_runtime.protocols.libraries.frames import Table

OUTPUT = "output-0"
"""The name of an output that the class neither names nor declares."""
_ARRAYS = (np.ndarray, list, tuple)
_SINGLE = (str, bytes, bytearray, bool, int, float, np.generic)


def pack_arrays(
    result: object, outputs: Sequence[str], most_values: int = DEFAULT_ARRAY_VALUES
) -> dict[str, NDArray[Any]]:
    """Return the arrays by name.

    An array, a list, a text, a date or a number becomes the first of ``outputs``. A dict or record of these
    has a name for each, and a table an array for each column; columns of one type that are only numbered stay
    one array. Any other dict is one text of JSON. Text and bytes alone become an array of one element.

    Raises:
        SeldonError: COMPONENT_FAILED when ``result`` has an unsupported type or, as a sparse array, more than
            ``most_values`` values, when the rows of a list differ, or when two columns have one name.
    """
    if type(result) is np.ndarray:  # first, as most results are arrays
        return {outputs[0]: result}
    if isinstance(result, Mapping):
        values = {str(name): _array_like(value, most_values) for name, value in result.items()}
        if values and all(isinstance(value, (*_ARRAYS, *_SINGLE)) for value in values.values()):
            return {name: _array(value, f"the output {name!r}") for name, value in values.items()}
        return {outputs[0]: _text(json.dumps(plain(dict(result)), ensure_ascii=False))}
    if isinstance(result, (*_ARRAYS, *_SINGLE)):
        return {outputs[0]: _array(result, "the result")}
    if isinstance(result, Enum):
        return pack_arrays(result.value, outputs, most_values)
    if isinstance(result, memoryview):
        return {outputs[0]: _text(result.tobytes())}
    if isinstance(result, SINGLE) or (is_dataclass(result) and not isinstance(result, type)):
        return pack_arrays(plain(result), outputs, most_values)
    form, value = converted_result(result, most_values)
    if form is Form.TABLE:
        return _table(value, outputs[0])
    return pack_arrays(value, outputs, most_values)


def _array_like(value: Any, most_values: int) -> Any:
    """Return an array of another library as one of NumPy, a date as text, and every other value as it is."""
    if isinstance(value, SINGLE | Enum) and not isinstance(value, _SINGLE):
        return plain(value)
    conversion = conversion_of(type(value))
    if conversion is None or conversion.form not in (Form.ARRAY, Form.SPARSE):
        return value
    return converted_result(value, most_values)[1]


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
    return {name: _column(column, name) for name, column in zip(names, table.columns, strict=True)}


def _is_text(array: NDArray[Any]) -> bool:
    return set(map(type, array.reshape(-1).tolist())) == {str}


def _column(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a column of a table in the type of its own values."""
    if not values.dtype.hasobject or _is_text(values):
        return values
    return _array(values.tolist(), f"the column {name!r}")


def v1_result(arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return one array itself, and several as a dict of lists; bytes that are text become text."""
    readable = {name: _readable(array) for name, array in arrays.items()}
    if len(readable) == 1:
        (array,) = readable.values()
        return array
    return {name: plain(array) for name, array in readable.items()}


def _array(value: Any, where: str) -> NDArray[Any]:
    if isinstance(value, np.ndarray):
        return _whole(value)
    if isinstance(value, str | bytes | bytearray):
        return _text(value if isinstance(value, str) else bytes(value))
    if isinstance(value, _SINGLE):
        return np.array([value])
    try:
        array = np.array(value)
        if array.dtype.kind in "SU":  # fixed width drops zero bytes at the end, and makes text of numbers
            array = np.array(value, object)
    except (ValueError, OverflowError) as error:
        raise SeldonError(
            f"{where} is a list that is ragged, or has numbers beyond 64 bits, expected rows of one length",
            code=ErrorCode.COMPONENT_FAILED,
        ) from error
    return array


def _whole(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with NaN in place of masked values."""
    if not isinstance(array, np.ma.MaskedArray):
        return array
    if not np.ma.is_masked(array):
        return np.asarray(array)
    masked: Any = array if array.dtype.kind == "f" else array.astype(np.float64)
    filled: NDArray[Any] = masked.filled(np.nan)
    return filled


def _text(value: str | bytes) -> NDArray[Any]:
    array = np.empty(1, object)
    array[0] = value
    return array


def _readable(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with text in place of bytes, which JSON cannot hold."""
    if array.dtype.kind not in "OS":
        return array
    values = array.astype(object).reshape(-1).tolist()
    texts = np.empty(len(values), object)
    for index, value in enumerate(values):
        texts[index] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return texts.reshape(array.shape)
