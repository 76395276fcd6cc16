"""Requirements in plain numbers, compared without ``packaging``, whose import would slow each start."""

from __future__ import annotations

import re

_REQUIREMENT = re.compile(r"[\w.-]+\s*\(?([^()\[\];@]*)\)?$")
_SPECIFIER = re.compile(r"\s*(>=|<|~=|!=)\s*(\d+(?:\.\d+)*)(\.\*)?\s*$")
_VERSION = re.compile(r"\d+(?:\.\d+)*$")


def surely_fits(requirement: str, version: str) -> bool:
    """Return whether a version surely meets a requirement such as ``numpy>=1.26,<3``.

    False may also mean that the requirement or the version has another form, such as a pre-release.
    """
    matched = _REQUIREMENT.match(requirement)
    if matched is None or not _VERSION.match(version):
        return False
    release = _release(version)
    return all(_meets(text, release) for text in matched[1].split(",") if text.strip())


def _meets(specifier: str, release: tuple[int, ...]) -> bool:
    matched = _SPECIFIER.match(specifier)
    if matched is None:
        return False
    operator, text, any_rest = matched.groups()
    if any_rest or operator == "~=":
        parts = tuple(map(int, text.split(".")))
        prefix = parts if any_rest else parts[:-1]
        padded = release + (0,) * (len(prefix) - len(release))
        is_inside = padded[: len(prefix)] == prefix
        if operator == "~=":
            return not any_rest and len(parts) > 1 and is_inside and release >= _release(text)
        return operator == "!=" and not is_inside
    if operator == ">=":
        return release >= _release(text)
    return release < _release(text) if operator == "<" else release != _release(text)


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version without zeros at the end, which mean nothing."""
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
