"""Conversion of untrusted JSON lists to NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays import columns
from seldon_runtime.inference.limits import Limits, check_empty_shape
from seldon_runtime.protocols.exact_arrays import exact_array, with_digits
from seldon_runtime.protocols.non_finite import WORDS
from seldon_runtime.protocols.text_arrays import is_too_wide

_NUMBERS = frozenset({int, float})
_WHOLE = frozenset({int})
_FLOATS = frozenset({float})
LARGEST_EXACT = columns.LARGEST_EXACT
_OBJECTS = frozenset({dict, type(None), list, bytes})
"""The types that make an array of objects, whatever stands beside them."""


def array_from_list(values: object, where: str, limits: Limits) -> NDArray[Any]:
    """Return the array of a JSON list, in which every value stays what the client sent.

    Numbers make an array of int64, uint64 or float64, or one of objects where these would lose digits of a
    whole number. Booleans make one of bool, texts of text. Values of several types, null
    or objects make an array of objects: ``[[1, "x", null]]`` holds ``1``, ``"x"`` and None. Texts
    that would be many times larger in NumPy's fixed width are objects, too. The function returns an array
    that a codec has made already as it is.

    Raises:
        SeldonError: BAD_DATA for anything but a list, ragged rows, or too many values or dimensions.
    """
    if type(values) is np.ndarray:
        limits.check_values(values.size, where)
        return values
    if type(values) is not list:
        raise SeldonError(f"{where} is {type_name(values)}, expected a list")
    if values and values[0] == []:  # before NumPy looks at each of a million empty rows
        check_empty_shape([len(values)], where)
    try:
        if _are(_FLOATS, values):  # of most requests, in which no whole number can lose digits
            array = np.array(values)
        else:
            array = exact_array(values) if _are(_NUMBERS, values) else _array_of_others(values)
    except ValueError as error:
        raise SeldonError(
            f"{where} is ragged or has too many dimensions: all rows must have the same length"
        ) from error
    limits.check_values(array.size, where)
    return array


def _array_of_others(values: list[Any]) -> NDArray[Any]:
    """Return an array of booleans, text, objects, or numbers in many dimensions.

    Raises:
        ValueError: the rows are ragged, or nest too deeply.
    """
    kinds: set[type] = set()
    for row in _innermost(values):
        kinds.update(map(type, row))
    is_uniform = kinds <= _NUMBERS or (len(kinds) == 1 and kinds.isdisjoint(_OBJECTS))
    array = np.array(values, None if is_uniform and not _is_wide(values, kinds) else object)
    if array.dtype.kind == "O" and list in set(map(type, array.ravel().tolist())):
        raise ValueError("ragged")
    return with_digits(array, values) if array.dtype.kind == "f" else array


def numpy_inferred(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects as ``numpy.array`` makes it of the JSON list: numbers beside text are text.

    Texts that would be many times larger in NumPy's fixed width stay objects, and so do whole numbers, of
    which its floats would lose digits.
    """
    values = array.tolist()
    kinds = set(map(type, array.ravel().tolist()))
    if kinds == _WHOLE or not kinds.isdisjoint(_OBJECTS) or _is_wide(values, kinds):
        return array
    return np.array(values).reshape(array.shape)


def as_floats(array: NDArray[Any], *, words: bool) -> NDArray[np.float64] | None:
    """Return numbers beside None or words as floats, with NaN in place of None.

    Args:
        array: the values.
        words: True to read the texts ``NaN``, ``Infinity`` and ``-Infinity`` as numbers.

    Returns:
        None if there are other values, numbers only, or whole numbers that a 64-bit float cannot hold.
    """
    floats: list[float] = []
    values = array.ravel().tolist()
    if all(type(value) is int for value in values):  # beyond 64 bits: they stay exact
        return None
    for value in values:
        number = _float(value, words)
        if number is None:
            return None
        floats.append(number)
    return np.array(floats, np.float64).reshape(array.shape)


def _float(value: Any, words: bool) -> float | None:
    if value is None:
        return math.nan
    if type(value) is float:
        return value
    if type(value) is int:
        is_exact = abs(value) <= LARGEST_EXACT or (value.bit_length() <= 1023 and int(float(value)) == value)
        return float(value) if is_exact else None
    return WORDS.get(value) if words and type(value) is str else None


def object_array(values: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects of one dimension, each of which is a value, also if that is a list."""
    array = np.empty(len(values), object)
    for index, value in enumerate(values):  # by index: NumPy would look into lists
        array[index] = value
    return array


def reshaped(array: NDArray[Any], shape: object, where: str) -> NDArray[Any]:
    """Return ``array`` in ``shape``: a list of whole numbers, of which one may be -1; None leaves it flat.

    Raises:
        SeldonError: BAD_DATA when the shape is invalid, or does not fit the number of values.
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
    """Return the JSON word for a Python value, for messages."""
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


def _are(kinds: frozenset[type], values: list[Any]) -> bool:
    """Return whether the values, or those of its rows, have these types."""
    if values and type(values[0]) is not list:
        return kinds.issuperset(map(type, values))
    for row in values:  # noqa: SIM110 - faster than all() with a generator
        if type(row) is not list or not kinds.issuperset(map(type, row)):
            return False
    return True


def _is_wide(values: list[Any], kinds: set[type]) -> bool:
    """Return whether an array of these texts, and of the numbers beside them, would be too wide.

    True also for a text with a zero character, which a fixed width drops at the end.
    """
    if str not in kinds:
        return False
    texts, characters, longest, numbers = 0, 0, 0, 0
    for row in _innermost(values):
        lengths = [len(value) for value in row if type(value) is str]
        texts += len(lengths)
        numbers += len(row) - len(lengths)
        characters += sum(lengths)
        if "\0" in "".join(value for value in row if type(value) is str):
            return True
        longest = max(longest, *lengths) if lengths else longest
    return is_too_wide(texts, characters, longest, numbers)
