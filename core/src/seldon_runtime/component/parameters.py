"""The parameters of the user's constructor, as the protocol writes them.

PREDICTIVE_UNIT_PARAMETERS (or ``--parameters``) is a JSON list of
``{"name": ..., "value": ..., "type": ...}``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from reprlib import repr as seen
from typing import TYPE_CHECKING, Any

from seldon_runtime.errors import StartupError
from seldon_runtime.settings.secrets import is_plain_parameter
from seldon_runtime.settings.validation import Invalid, validated
from seldon_runtime.settings.values import FALSE_WORDS, TRUE_WORDS

if TYPE_CHECKING:
    from seldon_runtime.component.parameter_schema import Parameter

logger = logging.getLogger(__name__)

_SETTING = "PREDICTIVE_UNIT_PARAMETERS"
_EXAMPLE = '[{"name": "n", "value": "1", "type": "INT"}]'
_WORDS = {str: "text that is not empty", dict: "an object"}


def parse_parameters(text: str) -> dict[str, Any]:
    """Return the value of each parameter by name, in their order: int, float, str, bool or a JSON value.

    Values may be text or plain JSON of the same type. A parameter of type JSON may be any JSON value, also
    written as text. An empty text means no parameters. When a name occurs several times, the last one
    counts, with a warning: an operator appends its own parameters to those of the user. Messages show
    a value only if it is a number or a switch, and never the text itself: both may be secret.

    Raises:
        StartupError: the text is not such a list, a type is unknown, or a value does not have its type.
    """
    parameters: dict[str, Any] = {}
    for entry in _entries(text):
        if entry.name in parameters:
            logger.warning("%s has the parameter %r twice: the last one counts", _SETTING, entry.name)
        parameters[entry.name] = _value(entry)
    return parameters


def _entries(text: str) -> list[Parameter]:
    if not text.strip():
        return []
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StartupError(
            f"{_SETTING} is not valid JSON ({error}), expected a list such as {_EXAMPLE}"
        ) from None  # the cause contains the whole text
    if not isinstance(entries, list):
        raise StartupError(f"{_SETTING} is {_kind(entries)}, expected a list such as {_EXAMPLE}")
    if not entries:
        return []
    from seldon_runtime.component.parameter_schema import Parameter  # it imports msgspec, rarely needed

    try:
        checked: list[Parameter] = validated(entries, list[Parameter], _SETTING, words=_WORDS, shown=_kind)
        return checked
    except Invalid as error:
        raise StartupError(str(error)) from None


def _value(entry: Parameter) -> Any:
    if entry.type not in _TYPES:
        suggestion = f"; write {entry.type.upper()}" if entry.type.upper() in _TYPES else ""
        raise StartupError(
            f"{_SETTING}: parameter {entry.name!r} has the type {entry.type!r}, "
            f"expected one of {', '.join(_TYPES)}{suggestion}"
        )
    convert, expected = _TYPES[entry.type]
    try:
        return convert(entry.value)
    except (ValueError, OverflowError, RecursionError):
        is_plain = is_plain_parameter(entry.name, entry.type, entry.value)
        shown = f"the value {seen(entry.value)}" if is_plain else _kind(entry.value)
        raise StartupError(
            f"{_SETTING}: parameter {entry.name!r} of type {entry.type} has {shown}, expected {expected}"
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
    if isinstance(value, str) and value.lower() in TRUE_WORDS | FALSE_WORDS:
        return value.lower() in TRUE_WORDS
    raise ValueError


def _json(value: object) -> Any:
    return json.loads(value) if isinstance(value, str) else value


_TYPES: dict[str, tuple[Callable[[object], Any], str]] = {
    "INT": (_whole, 'a whole number such as 12 or "-12"'),
    "FLOAT": (_number, 'a number such as 1.5 or "1e-3"'),
    "DOUBLE": (_number, 'a number such as 1.5 or "1e-3"'),
    "STRING": (_text, "text"),
    "JSON": (_json, 'a JSON value, or one written as text, such as [1, 2] or "[1, 2]"'),
    "BOOL": (_truth, "true or false (or y, yes, t, on, 1, n, no, f, off, 0, in any case)"),
}


def _kind(value: object) -> str:
    """Return the JSON word for a value, for messages that must not show the value."""
    words = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return words.get(type(value), "a number")
