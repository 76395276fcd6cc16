"""``google.protobuf.Value`` and ``ListValue`` to Python values and back, without JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import ListValue, Struct, Value

_AS_TEXT = (Decimal, UUID)
_TIMES = (date, datetime, time)


def to_python(value: Value) -> Any:
    """What a JSON parser would give, but all numbers are floats, and NaN and infinities can occur."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return struct_to_python(value.struct_value.fields)
    if kind == "list_value":
        return list_to_python(value.list_value)
    if kind is None or kind == "null_value":
        return None
    return getattr(value, kind)


def struct_to_python(fields: Mapping[str, Value]) -> dict[str, Any]:
    """The same for the fields of a Struct, or any other map of values."""
    return {key: to_python(value) for key, value in fields.items()}


def list_to_python(values: ListValue) -> list[Any]:
    """The same for a ListValue."""
    return [to_python(value) for value in values.values]


def fill(value: Value, given: object) -> None:
    """Write a Python value. What JSON writers take beside JSON's own types is taken too: tuples, NumPy
    values, dates and times (ISO 8601), Decimal, UUID, enum members and dataclasses; keys may be numbers.

    Raises:
        TypeError: ``given`` holds something else. OverflowError: a whole number beyond 64-bit floats.
        ValueError: a text that is no Unicode. RecursionError: it contains itself.
    """
    if given is None:
        value.null_value = 0  # type: ignore[assignment]  # the stubs know the enum's member only
    elif isinstance(given, bool | np.bool_):
        value.bool_value = bool(given)
    elif isinstance(given, str):
        value.string_value = given
    elif isinstance(given, int | float):
        value.number_value = given
    elif isinstance(given, Mapping):
        fill_struct(value.struct_value, given)
    elif isinstance(given, list | tuple):
        fill_list(value.list_value, given)
    else:
        fill(value, _plain(given))


def fill_struct(struct: Struct, given: Mapping[Any, Any]) -> None:
    """Write a mapping. Raises as :func:`fill`."""
    struct.SetInParent()
    for key, member in given.items():
        fill(struct.fields[key if isinstance(key, str) else key_text(key)], member)


def fill_list(values: ListValue, given: Iterable[Any]) -> None:
    """Write a list. Raises as :func:`fill`."""
    values.SetInParent()
    add = values.values.add
    for item in given:
        fill(add(), item)


def key_text(key: object) -> str:
    """A key as JSON writes it.

    Raises:
        TypeError: it is neither text, nor number, boolean or None.
    """
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise TypeError(f"a key is {type(key).__name__}, expected a text")


def _plain(given: object) -> Any:
    if isinstance(given, np.ndarray | np.generic):
        return given.tolist()
    if isinstance(given, _AS_TEXT):
        return str(given)
    if isinstance(given, _TIMES):
        return given.isoformat()
    if isinstance(given, Enum):
        return given.value
    if is_dataclass(given) and not isinstance(given, type):
        return {member.name: getattr(given, member.name) for member in fields(given)}
    raise TypeError(f"a value is {type(given).__name__}, expected what JSON can hold")
