"""The values of a ``tensorflow.TensorProto`` one by one, as the protobuf JSON mapping writes them.

Every function raises SeldonError (BAD_DATA) with ``where``, the value seen and the expected value.
"""

from __future__ import annotations

import re
from reprlib import repr as seen
from typing import Any

import numpy as np
import numpy.typing as npt

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.protocols.base64_text import decode_proto_base64

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)


def floats(items: list[Any], stored: str, where: str) -> npt.NDArray[Any]:
    """Return floats of the type ``stored``, of 16 to 64 bits, from numbers or the mapping's texts."""
    if not set(map(type, items)) <= {int, float}:
        items = [_float(item, f"{where}[{index}]") for index, item in enumerate(items)]
    try:
        wide = np.array(items, np.float64)
    except OverflowError as error:
        raise bad(f"{where} has a whole number beyond 64-bit floats", "smaller numbers") from error
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.dtype(stored).newbyteorder("="))
    beyond = np.flatnonzero(np.isinf(narrow) & np.isfinite(wide))
    if beyond.size:
        raise bad(f"{where}[{beyond[0]}] is {wide[beyond[0]]}", f"a number that fits {narrow.dtype}")
    return narrow


def wholes(items: list[Any], stored: str, where: str) -> npt.NDArray[Any]:
    """Return whole numbers within the range of ``stored``."""
    if set(map(type, items)) != {int}:
        items = [whole(item, f"{where}[{index}]") for index, item in enumerate(items)]
    limits = np.iinfo(stored)
    low, high = int(limits.min), int(limits.max)
    if items and not low <= min(items) <= max(items) <= high:
        index = next(index for index, item in enumerate(items) if not low <= item <= high)
        raise bad(f"{where}[{index}] is {seen(items[index])}", f"{low} to {high}")
    return np.array(items, stored)


def bools(items: list[Any], where: str) -> npt.NDArray[Any]:
    """Return an array of the booleans."""
    for index, item in enumerate(items):
        if not isinstance(item, bool):
            raise bad(f"{where}[{index}] is {seen(item)}", "true or false")
    return np.array(items, np.bool_)


def texts(items: list[Any], where: str) -> npt.NDArray[Any]:
    """Return an object array of base64 texts or bytes: of ``str`` when each is UTF-8, else of ``bytes``."""
    raw = [content_of(item, f"{where}[{index}]") for index, item in enumerate(items)]
    try:
        return np.array([item.decode() for item in raw], np.object_)
    except UnicodeDecodeError:
        return np.array(raw, np.object_)


def _float(item: object, where: str) -> float:
    if isinstance(item, str) and _NUMBER.fullmatch(item):
        return float(item)
    if isinstance(item, int | float) and not isinstance(item, bool):
        return item
    raise bad(f"{where} is {seen(item)}", "a number, or the text NaN, Infinity or -Infinity")


def whole(item: object, where: str) -> int:
    """Return a whole number from a number or its decimal text."""
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    if isinstance(item, str) and _WHOLE_NUMBER.fullmatch(item):
        return int(item)
    if isinstance(item, float) and item.is_integer():
        return int(item)
    raise bad(f"{where} is {seen(item)}", "a whole number")


def as_list(value: object, where: str) -> list[Any]:
    """Return ``value``, which must be a list."""
    if not isinstance(value, list):
        raise bad(f"{where} is {seen(value)}", "a list")
    return value


def content_of(value: object, where: str) -> bytes:
    """Return bytes as they are, which protobuf's own messages hold; decode the base64 text of JSON."""
    return value if isinstance(value, bytes) else decode_proto_base64(value, where)


def bad(problem: str, expected: str) -> SeldonError:
    """Return an error with the problem and the expected value."""
    return SeldonError(f"{problem}, expected {expected}", code=ErrorCode.BAD_DATA)
