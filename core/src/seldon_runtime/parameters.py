"""The parameters of the user's constructor, as the protocol writes them.

PREDICTIVE_UNIT_PARAMETERS (or ``--parameters``) is a JSON list of
``{"name": ..., "value": ..., "type": ...}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from reprlib import repr as seen
from typing import Any

from seldon_runtime.errors import StartupError

_SETTING = "PREDICTIVE_UNIT_PARAMETERS"
_EXAMPLE = '[{"name": "n", "value": "1", "type": "INT"}]'
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})


def parse_parameters(text: str) -> dict[str, Any]:
    """The value of each parameter by name, in the order given: int, float, str or bool.

    Values may be text or plain JSON of the same type. Messages never show the value of a
    STRING parameter or the text itself: either may hold a secret.

    Raises:
        StartupError: the text is no such list, a name comes twice, a type is unknown, or
            a value is not of its type.
    """
    parameters: dict[str, Any] = {}
    for index, entry in enumerate(_entries(text)):
        where = f"{_SETTING}[{index}]"
        if not isinstance(entry, dict):
            raise StartupError(f"{where} is {_kind(entry)}, expected an object with name, value and type")
        name = _text_field(entry, "name", where)
        if name in parameters:
            raise StartupError(f"{_SETTING} has the parameter {name!r} twice, expected each name once")
        parameters[name] = _value(entry, name, where)
    return parameters


def _entries(text: str) -> list[Any]:
    if not text.strip():
        raise StartupError(f"{_SETTING} is empty, expected a JSON list, [] for no parameters")
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StartupError(
            f"{_SETTING} is no JSON ({error}), expected a list such as {_EXAMPLE}"
        ) from None  # the cause holds the whole text
    if not isinstance(entries, list):
        raise StartupError(f"{_SETTING} is {_kind(entries)}, expected a list such as {_EXAMPLE}")
    return entries


def _text_field(entry: Mapping[str, Any], field: str, where: str) -> str:
    if field not in entry:
        raise StartupError(f"{where} has no {field!r}, expected name, value and type")
    value = entry[field]
    if not isinstance(value, str) or not value:
        raise StartupError(f"{where} has {_kind(value)} as {field!r}, expected text that is not empty")
    return value


def _value(entry: Mapping[str, Any], name: str, where: str) -> Any:
    type_name = _text_field(entry, "type", where)
    if type_name not in _TYPES:
        suggestion = f"; write {type_name.upper()}" if type_name.upper() in _TYPES else ""
        raise StartupError(
            f"{_SETTING}: parameter {name!r} has the type {type_name!r}, "
            f"expected one of {', '.join(_TYPES)}{suggestion}"
        )
    if "value" not in entry:
        raise StartupError(f"{_SETTING}: parameter {name!r} has no 'value'")
    convert, expected = _TYPES[type_name]
    value = entry["value"]
    try:
        return convert(value)
    except (ValueError, OverflowError):
        shown = _kind(value) if type_name == "STRING" else f"the value {seen(value)}"
        raise StartupError(
            f"{_SETTING}: parameter {name!r} of type {type_name} has {shown}, expected {expected}"
        ) from None  # the cause repeats the value, at full length


def _whole(value: object) -> int:
    if isinstance(value, str) or type(value) is int:
        return int(value)
    raise ValueError


def _number(value: object) -> float:
    if isinstance(value, str) or type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]
    raise ValueError


def _text(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ValueError


_TYPES: dict[str, tuple[Callable[[object], Any], str]] = {
    "INT": (_whole, 'a whole number such as 12 or "-12"'),
    "FLOAT": (_number, 'a number such as 1.5 or "1e-3"'),
    "DOUBLE": (_number, 'a number such as 1.5 or "1e-3"'),
    "STRING": (_text, "text"),
    "BOOL": (_truth, "true or false (or y, yes, t, on, 1, n, no, f, off, 0, in any case)"),
}


def _kind(value: object) -> str:
    """The JSON word for a value, where the value itself must not be shown."""
    words = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return words.get(type(value), "a number")
