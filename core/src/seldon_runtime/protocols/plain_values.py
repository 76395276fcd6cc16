"""The rule of values: what Python and NumPy values become in an answer, on every transport.

:func:`plain_value` makes JSON's types of a value: None, bool, int, float, str, list, and dict with text keys.
NaN and infinities stay floats; :mod:`.non_finite` has their rule. ``docs/reference/values.md`` has the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.protocols.libraries.forms import Form, conversion_of, is_mapping
from seldon_runtime.protocols.libraries.frames import Table
from seldon_runtime.protocols.libraries.remedies import remedy_of
from seldon_runtime.protocols.libraries.tensors import is_of_library
from seldon_runtime.protocols.times import date_texts, duration_text, duration_texts

_SCALARS = frozenset({str, int, float, bool, type(None)})
_TEXT = frozenset({str})
_BYTES = bytes | bytearray | memoryview | np.bytes_
_ABSENT = "NAType"
"""The type of the missing value of pandas and of cuDF."""


def plain_value(value: Any) -> Any:
    """Return the value in JSON's types. A value that has only these is returned itself.

    Raises:
        TypeError: the value, or one inside it, has an unsupported type, such as bytes or a generator.
        ValueError: two keys of one mapping become the same text.
        RecursionError: the value contains itself.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return _plain_list(value)
    if kind is dict:
        return _plain_dict(value)
    return _converted(value)


def plain_array(array: NDArray[Any]) -> Any:
    """Return an array as nested lists, one without dimensions as its only value; masked values are None.

    Raises:
        TypeError: the values have an unsupported type, such as complex numbers.
    """
    kind = array.dtype.kind
    if kind in "iub":
        return array.tolist()
    if kind == "f":
        return array.astype(np.float64, copy=False).tolist()
    if kind == "M":
        return date_texts(array)
    if kind == "m":
        return duration_texts(array)
    if kind in "cS":
        raise _unsupported(array.dtype.type)
    if array.dtype.names:
        return _plain_fields(array)
    if array.ndim > 1 and _SCALARS.issuperset(map(type, array.ravel().tolist())):  # at once, not row by row
        return array.tolist()
    return plain_value(array.tolist())


def key_text(key: object) -> str:
    """Return a mapping's key as text: a number, a boolean or None as JSON writes it.

    Raises:
        TypeError: the key has an unsupported type.
    """
    if type(key) is str:
        return key
    plain = plain_value(key)
    if isinstance(plain, list | dict):
        raise TypeError(f"a key is {type(key).__name__}, expected a text")
    if plain is None:
        return "null"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) and not np.isfinite(plain):
        return "NaN" if plain != plain else "Infinity" if plain > 0 else "-Infinity"
    return str(plain)


def key_texts(members: Mapping[Any, Any]) -> list[str]:
    """Return the keys of a mapping as text.

    Raises:
        TypeError: a key has an unsupported type.
        ValueError: two keys become the same text.
    """
    texts = [key_text(key) for key in members]
    if len(set(texts)) < len(texts):
        raise ValueError("two keys of a dict become the same text, such as 1 and '1'")
    return texts


def is_absent(value: object) -> bool:
    """Return whether a value is the missing value of pandas or of cuDF."""
    return type(value).__name__ == _ABSENT


def _plain_list(values: list[Any]) -> list[Any]:
    if _SCALARS.issuperset(map(type, values)):
        return values
    return [plain_value(value) for value in values]


def _plain_dict(members: Mapping[Any, Any]) -> dict[str, Any]:
    if type(members) is dict and _TEXT.issuperset(map(type, members)):
        if _SCALARS.issuperset(map(type, members.values())):
            return members
        return {key: plain_value(value) for key, value in members.items()}
    return dict(zip(key_texts(members), map(plain_value, members.values()), strict=True))


def _converted(value: Any) -> Any:
    if isinstance(value, Enum):
        return plain_value(value.value)
    if isinstance(value, np.ndarray):
        return plain_array(value)
    if isinstance(value, np.generic):
        return _plain_scalar(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list | tuple):
        return _plain_list(list(value))
    if isinstance(value, date | time):  # a datetime is a date; pandas' NaT equals nothing, itself included
        return None if isinstance(value, datetime) and value != value else value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if is_mapping(value):
        return _plain_dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_dict({member.name: getattr(value, member.name) for member in fields(value)})
    return _of_library(value)


def _duration(value: timedelta) -> str | int:
    """Return a duration as text; those of pandas have nanoseconds."""
    microseconds = value // timedelta(microseconds=1)
    if nanoseconds := getattr(value, "nanoseconds", 0):
        return duration_text(1000 * microseconds + nanoseconds, "ns")
    return duration_text(microseconds, "us")


def _of_library(value: Any) -> Any:
    """Return a value of another library, or a collection of another type, in JSON's types."""
    kind = type(value)
    conversion = conversion_of(kind)
    if conversion is None:
        if is_absent(value):
            return None
        raise _unsupported(kind)
    form, convert = conversion
    if form is Form.IMAGE:
        raise TypeError(
            f"a value is {kind.__name__}, an image, which JSON cannot hold. Return the image alone, which "
            "becomes binData, or save it as PNG and encode the bytes with base64"
        )
    if form is Form.SPARSE:
        raise TypeError(
            f"a value is {kind.__name__}, which is sparse. Return it alone, or return value.toarray()"
        )
    if form is Form.TABLE:
        return _plain_table(convert(value))
    return plain_array(convert(value)) if form is Form.ARRAY else plain_value(convert(value))


def _plain_table(table: Table) -> list[Any]:
    """Return the rows of a frame inside another value: objects by its names, or lists without names."""
    rows: list[Any] = plain_array(table.rows)
    names = table.names
    if names is None:
        return rows
    if len(set(names)) < len(names):
        raise ValueError("two columns of a frame have the same name")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _plain_fields(array: NDArray[Any]) -> Any:
    """Return a structured array as nested lists of objects by the names of its fields."""
    if array.ndim > 1:
        return [_plain_fields(part) for part in array]
    names = array.dtype.names or ()
    columns = [plain_array(array[name]) for name in names]
    if not array.ndim:
        return dict(zip(names, columns, strict=True))
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, np.timedelta64 | np.datetime64) or value.dtype.names:
        return plain_array(np.asarray(value))
    if isinstance(value, np.bool_ | np.integer | np.str_ | np.void):
        return plain_value(value.item())
    if is_of_library(value.dtype):
        return float(value)
    raise _unsupported(type(value))


def _unsupported(kind: type) -> TypeError:
    problem = "which JSON cannot hold" if issubclass(kind, _BYTES) else "expected what JSON can hold"
    return TypeError(f"a value is {kind.__name__}, {problem}. {remedy_of(kind)}")
