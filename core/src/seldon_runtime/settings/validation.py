"""Validation by msgspec, with messages that name the place, the value and the expected type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from reprlib import repr as seen
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_FIELD = re.compile(r"(unknown|missing required) field `(.*)`")
_LIMIT = re.compile(r"([<>]=?) (\S+)$")
_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


_NO_WORDS: Mapping[Any, str] = {}


class Invalid(ValueError):
    """A value of the wrong type. The message names its place, the value and the expected type."""


def validated(
    value: object,
    kind: Any,
    where: str,
    *,
    words: Mapping[Any, str] = _NO_WORDS,
    shown: Callable[[object], str] = seen,
) -> Any:
    """Return a value, such as one from JSON or YAML, as the given type.

    Args:
        value: plain Python objects.
        kind: a msgspec struct, or any type that msgspec can convert to.
        where: the place of the value in the message, such as ``contract.json: features[0]``.
        words: other names of plain types in messages, such as ``{dict: "an object"}``.
        shown: makes the text for a value in messages; replace it where a value may be a secret.

    Raises:
        Invalid: the value is not of the type.
    """
    import msgspec  # only where there is something to validate: it would make every start slower

    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        complaint, _, path = str(error).partition(" - at `")
        steps = [] if path.startswith("key`") else _STEP.findall(path)
        part, expected = _at(value, kind, steps)
        place = f"{where}{''.join(f'.{name}' if name else f'[{index}]' for name, index in steps)}"
        raise Invalid(_message(complaint, part, expected, place, words, shown)) from None
    except UnicodeEncodeError:
        raise Invalid(f"{where} has a text with half of a surrogate pair, expected Unicode text") from None


def _at(value: Any, kind: Any, steps: list[tuple[str, str]]) -> tuple[Any, Any]:
    """Return the part of a value at a path, and the type that it should have."""
    for name, index in steps:
        if name:
            value, kind = value[name], get_type_hints(_structure(kind), include_extras=True)[name]
        else:
            value, kind = value[int(index)], (get_args(_structure(kind)) or (Any,))[0]
    return value, _structure(kind)


def _structure(kind: Any) -> Any:
    """Return a type without annotations, and without the alternatives None and unset."""
    if get_origin(kind) is Annotated:
        return _structure(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        alternatives = [part for part in get_args(kind) if getattr(part, "__name__", "") not in _ABSENT]
        return _structure(alternatives[0])
    return kind


_ABSENT = ("NoneType", "UnsetType")


def _message(
    complaint: str,
    part: object,
    kind: Any,
    place: str,
    words: Mapping[Any, str],
    shown: Callable[[object], str],
) -> str:
    fields = ", ".join(getattr(kind, "__struct_fields__", ()))
    if found := _FIELD.search(complaint):
        if found[1] == "unknown":
            return f"{place} has a key {seen(found[2])}, expected only {fields}"
        return f"{place} has no {found[2]!r}, expected {fields}"
    limit = None if "of length" in complaint else _LIMIT.search(complaint)
    words = {**_WORDS, **words}
    if get_origin(kind) is Literal:
        expected = f"one of {', '.join(map(str, get_args(kind)))}"
    elif fields:
        expected = f"{words[dict]} with {fields}"
    elif get_origin(kind) is dict and set(get_args(kind)) <= words.keys():
        expected = f"{words[dict]} of {' to '.join(words[part] for part in get_args(kind))}"
    elif length := re.search(r"`array` of length (\d+)", complaint):
        expected = f"a list of {length[1]}"
    else:
        expected = words.get(get_origin(kind) or kind, "another value")
    return f"{place} is {shown(part)}, expected {expected}{f' {limit[1]} {limit[2]}' if limit else ''}"
