"""``google.protobuf.Value`` and ``ListValue`` as Python values and back, without JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from seldon_runtime.protocols.non_finite import NonFinite, written
from seldon_runtime.protocols.plain_values import key_text, plain_value

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import ListValue, Struct, Value


def to_python(value: Value) -> Any:
    """Return the value as a JSON parser would, but with floats for all numbers, also NaN and infinities."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return struct_to_python(value.struct_value.fields)
    if kind == "list_value":
        return list_to_python(value.list_value)
    if kind is None or kind == "null_value":
        return None
    return getattr(value, kind)


def struct_to_python(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Return the fields of a Struct, or any other map of values, as :func:`to_python` does."""
    return {key: to_python(value) for key, value in fields.items()}


def list_to_python(values: ListValue) -> list[Any]:
    """Return the items of a ListValue as :func:`to_python` does."""
    return [to_python(value) for value in values.values]


def fill(value: Value, given: object, policy: NonFinite = NonFinite.NULL) -> None:
    """Write a Python value, by the rule of values (``docs/reference/values.md``).

    Args:
        value: the message to fill.
        given: any value that :func:`~seldon_runtime.protocols.plain_values.plain_value` accepts.
        policy: the form of NaN and infinities, which a ``Value`` must not hold (``struct.proto``).

    Raises:
        TypeError: ``given`` holds something else.
        OverflowError: a whole number exceeds 64-bit floats.
        ValueError: a text is not valid Unicode; or a number is not finite, and the policy is ERROR.
        RecursionError: ``given`` contains itself.
    """
    kind = type(given)
    if given is None:
        value.null_value = 0  # type: ignore[assignment]  # the stubs know the enum's member only
    elif kind is bool:
        value.bool_value = given  # type: ignore[assignment]  # its type is known
    elif kind is str:
        value.string_value = given  # type: ignore[assignment]
    elif kind is float or kind is int:
        _fill_number(value, given, policy)
    elif kind is dict:
        _fill_struct(value.struct_value, given, policy)  # type: ignore[arg-type]
    elif kind is list:
        fill_list(value.list_value, given, policy)  # type: ignore[arg-type]
    else:
        fill(value, plain_value(given), policy)


def fill_list(values: ListValue, given: Iterable[Any], policy: NonFinite = NonFinite.NULL) -> None:
    """Write a list. Arguments and errors are those of :func:`fill`."""
    values.SetInParent()
    add = values.values.add
    for item in given:
        fill(add(), item, policy)


def _fill_number(value: Value, number: Any, policy: NonFinite) -> None:
    if isfinite(number):
        value.number_value = number
    else:
        fill(value, written(number, policy), policy)


def _fill_struct(struct: Struct, given: Mapping[Any, Any], policy: NonFinite) -> None:
    struct.SetInParent()
    for key, member in given.items():
        fill(struct.fields[key if type(key) is str else key_text(key)], member, policy)
