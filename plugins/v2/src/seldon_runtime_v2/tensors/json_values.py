"""The elements of a tensor in JSON: numbers, truth values and text, flat or nested as the shape says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from reprlib import repr as shortened
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError
from seldon_runtime.protocols.non_finite import WORDS
from seldon_runtime_v2.tensors.datatypes import BOOL, FLOAT, TEXT, Datatype
from seldon_runtime_v2.tensors.shapes import misfit

_WIDEST = 8
"""The bytes of FP64, which holds every number of JSON but very large whole ones."""
_JSON_WORDS = {None: "null", True: "true", False: "false"}
_NUMBERS = frozenset({int, float})
_WHOLE = frozenset({int})
_TRUTH = frozenset({bool})
_TEXT = frozenset({str})


def from_values(
    datatype: Datatype, shape: Sequence[int], count: int, data: object, name: str, *, as_bytes: bool
) -> NDArray[Any]:
    """Return the array of JSON values.

    Args:
        datatype: the tensor's.
        shape: the tensor's.
        count: the number of elements of the shape.
        data: the value of ``data``.
        name: the tensor's, for messages.
        as_bytes: True for text as ``bytes``, encoded as UTF-8; False for ``str``.

    Raises:
        SeldonError: BAD_DATA for elements of another type or out of range, or another number of them.
    """
    if type(data) is not list:
        raise SeldonError(f"the input {name!r:.80} has data {seen(data)}, expected a list")
    if data and type(data[0]) is list:
        data = _flattened(data, shape, name)
    if len(data) != count:
        raise misfit(name, shape, f"{count} elements", str(len(data)))
    if datatype.kind is FLOAT:
        array = _floats(datatype, data, name)
    elif datatype.kind is TEXT:
        array = _texts(data, name, as_bytes=as_bytes)
    elif datatype.kind is BOOL:
        array = _truth_values(data, name)
    else:
        array = _whole_numbers(datatype, data, name)
    return array if len(shape) == 1 else array.reshape(shape)


def seen(value: object) -> str:
    """Return a value of JSON for a message, shortened."""
    return _JSON_WORDS.get(value, "") if value is None or type(value) is bool else shortened(value)


def from_numbers(
    datatype: Datatype, shape: Sequence[int], count: int, numbers: NDArray[Any], name: str
) -> NDArray[Any]:
    """Return the array of JSON numbers that are in an array of int64, uint64 or float64 already.

    Raises:
        SeldonError: as :func:`from_values`.
    """
    if numbers.size != count or (numbers.ndim > 1 and numbers.shape != tuple(shape)):
        raise misfit(name, shape, f"{count} elements, flat or nested so", f"the shape {list(numbers.shape)}")
    flat = numbers.reshape(-1)
    if datatype.kind is FLOAT:
        wrong = ~((flat > datatype.low) & (flat < datatype.high)) if datatype.item_bytes < _WIDEST else None
    else:
        wrong = (flat < datatype.low) | (flat > datatype.high)
        if flat.dtype.kind == "f":
            wrong |= (flat != np.trunc(flat)) | (flat >= float(datatype.high + 1))  # a float cannot hold high
    if wrong is not None and wrong.any():
        index = int(wrong.argmax())
        raise _unfit(name, index, flat[index].item(), datatype)
    return flat.astype(datatype.dtype, copy=False).reshape(shape)


def _flattened(data: list[Any], shape: Sequence[int], name: str) -> list[Any]:
    """Return the elements of nested lists, whose lengths must be those of the shape."""
    level = data
    for depth, size in enumerate(shape):
        if depth:
            if set(map(type, level)) - {list}:
                raise misfit(name, shape, "rows of one depth", f"an element beside a row at depth {depth}")
            lengths = set(map(len, level))
            if lengths - {size}:
                raise misfit(
                    name, shape, f"rows of {size} at depth {depth}", f"lengths {sorted(lengths)!r:.80}"
                )
            level = list(chain.from_iterable(level))
        elif len(level) != size:
            raise misfit(name, shape, f"{size} rows", str(len(level)))
    if level and type(level[0]) is list:
        raise misfit(name, shape, f"{len(shape)} levels of rows", "more")
    return level


def _floats(datatype: Datatype, data: list[Any], name: str) -> NDArray[Any]:
    if not data:
        return np.empty(0, datatype.dtype)
    if not _NUMBERS.issuperset(map(type, data)) or not _is_within(datatype, data):
        data = [_float(datatype, value, index, name) for index, value in enumerate(data)]
    try:
        if datatype.dtype.kind != "f":  # the type of another library, which does not take every whole number
            return np.array(data, np.float64).astype(datatype.dtype)
        return np.array(data, datatype.dtype)
    except OverflowError as error:
        raise SeldonError(
            f"the input {name!r:.80} has a whole number beyond 64-bit floats, expected {datatype.name}"
        ) from error


def _is_within(datatype: Datatype, data: list[Any]) -> bool:
    return datatype.item_bytes == _WIDEST or (datatype.low < min(data) and max(data) < datatype.high)


def _float(datatype: Datatype, value: Any, index: int, name: str) -> float:
    """Return a number; NaN for null, which JSON writers put in its place; the words of NaN and infinities."""
    if value is None:
        return math.nan
    if type(value) is str and value in WORDS:
        return WORDS[value]
    if type(value) is float and not math.isfinite(value):
        return value
    if type(value) in _NUMBERS and (datatype.item_bytes == _WIDEST or datatype.low < value < datatype.high):
        return value  # type: ignore[no-any-return]
    raise _unfit(name, index, value, datatype)


def _whole_numbers(datatype: Datatype, data: list[Any], name: str) -> NDArray[Any]:
    if not data:
        return np.empty(0, datatype.dtype)
    if not _WHOLE.issuperset(map(type, data)):
        data = [_whole(datatype, value, index, name) for index, value in enumerate(data)]
    if min(data) < datatype.low or max(data) > datatype.high:
        index = next(i for i, value in enumerate(data) if not datatype.low <= value <= datatype.high)
        raise _unfit(name, index, data[index], datatype)
    return np.array(data, datatype.dtype)


def _whole(datatype: Datatype, value: Any, index: int, name: str) -> int:
    """Return a whole number, also from ``3.0``: JSON has one type of number."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise _unfit(name, index, value, datatype)


def _truth_values(data: list[Any], name: str) -> NDArray[Any]:
    if not _TRUTH.issuperset(map(type, data)):
        for index, value in enumerate(data):
            if type(value) not in (bool, int, float) or value not in (0, 1):
                raise SeldonError(
                    f"the input {name!r:.80} has {seen(value)} at {index}, expected true or false (BOOL)"
                )
    return np.array(data, np.bool_)


def _texts(data: list[Any], name: str, *, as_bytes: bool) -> NDArray[Any]:
    if not _TEXT.issuperset(map(type, data)):
        index, value = next((i, value) for i, value in enumerate(data) if type(value) is not str)
        raise SeldonError(f"the input {name!r:.80} has {seen(value)} at {index}, expected text (BYTES)")
    try:
        encoded = [text.encode() for text in data] if as_bytes or not "".join(data).isascii() else data
    except UnicodeEncodeError as error:
        raise SeldonError(f"the input {name!r:.80} has text with a lone surrogate") from error
    array = np.empty(len(data), object)
    array[:] = encoded if as_bytes else data
    return array


def _unfit(name: str, index: int, value: object, datatype: Datatype) -> SeldonError:
    expected = "a number" if datatype.kind is FLOAT else f"a whole number, {datatype.low} to {datatype.high}"
    if datatype.kind is FLOAT and type(value) in _NUMBERS:
        expected = "a number in the range of its datatype"
    return SeldonError(
        f"the input {name!r:.80} has {seen(value)} at {index}, expected {expected} ({datatype.name})"
    )
