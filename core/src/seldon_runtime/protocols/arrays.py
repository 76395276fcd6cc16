"""JSON lists to NumPy arrays, without trusting their shape or what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError
from seldon_runtime.limits import Limits, check_empty_shape

_MAX_TEXT_ARRAY_BYTES = 256 * 1024 * 1024
_NUMPY_NUMBER_AS_TEXT = 32  # characters NumPy reserves for a number that stands beside text


def array_from_list(values: object, where: str, limits: Limits) -> NDArray[Any]:
    """An array as ``numpy.array`` infers it: integers stay int64, text beside numbers becomes text. What a
    codec has made an array of already stays as it is.

    Raises:
        SeldonError: BAD_DATA for anything but a list, ragged rows, too many values or dimensions, or text
            whose fixed-width array would be many times larger than the request.
    """
    if type(values) is np.ndarray:
        limits.check_values(values.size, where)
        return values
    if type(values) is not list:
        raise SeldonError(f"{where} is {type_name(values)}, expected a list")
    if not _are_numbers(values) and any(str in map(type, row) for row in _innermost(values)):
        _refuse_wide_text(values, where)
    try:
        array = np.array(values)
    except ValueError as error:
        raise SeldonError(
            f"{where} is ragged or has too many dimensions: all rows must have the same length"
        ) from error
    limits.check_values(array.size, where)
    return array


def reshaped(array: NDArray[Any], shape: object, where: str) -> NDArray[Any]:
    """``array`` in ``shape``: a list of whole numbers, one of them perhaps -1; None leaves it flat.

    Raises:
        SeldonError: BAD_DATA when the shape is none, or does not fit the number of values.
    """
    if shape is None:
        return array.reshape(-1)
    sizes = [shape] if type(shape) is int else shape
    if type(sizes) is not list:
        raise SeldonError(f"{where} is {type_name(shape)}, expected a list of whole numbers")
    for index, size in enumerate(sizes):
        if type(size) is not int or size < -1:
            raise SeldonError(f"{where}[{index}] is {size!r:.40}, expected a whole number")
    if sizes.count(-1) > 1:
        raise SeldonError(f"{where} is {sizes!r:.80}: at most one size may be -1")
    if array.size == 0:
        check_empty_shape(sizes, where)
    try:
        return array.reshape(sizes)
    except (ValueError, OverflowError) as error:
        raise SeldonError(f"{where} is {sizes!r:.80}, which does not fit {array.size} values") from error


def type_name(value: object) -> str:
    """The JSON word for a Python value, for messages."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _innermost(values: list[Any]) -> Iterator[list[Any]]:
    if values and type(values[0]) is list:
        if type(values[-1]) is not list:
            yield values
        for row in values:
            if type(row) is list:
                yield from _innermost(row)
    else:
        yield values


def _are_numbers(values: list[Any]) -> bool:
    """Whether there are only numbers and booleans, but for whole numbers of hundreds of digits. That they can
    be added up is found out four times as fast as what types they have."""
    try:
        for row in _innermost(values):
            sum(row, 0.0)
    except (TypeError, OverflowError):
        return False
    return True


def _refuse_wide_text(values: list[Any], where: str) -> None:
    """NumPy gives every value of a text array the width of the longest: one long text among many values
    would ask for their product in memory."""
    count = 0
    width = 1
    for row in _innermost(values):
        count += len(row)
        for value in row:
            width = max(width, len(value) if type(value) is str else _NUMPY_NUMBER_AS_TEXT)
    if count * width * 4 > _MAX_TEXT_ARRAY_BYTES:
        raise SeldonError(
            f"{where} holds {count} values of up to {width} characters: as an array of text that is more "
            f"than {_MAX_TEXT_ARRAY_BYTES} bytes. Send long texts as jsonData."
        )
