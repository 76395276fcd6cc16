"""The entry points of the installed distributions, even if some distributions are damaged."""

from __future__ import annotations

import logging
from functools import cache
from importlib import metadata
from importlib.metadata import Distribution, EntryPoint, PathDistribution
from typing import Any

logger = logging.getLogger(__name__)

_FILE = "entry_points.txt"


def entry_points(*, group: str) -> list[EntryPoint]:
    """Return the entry points of a group; warn of distributions whose files cannot be read.

    The standard library would return no entry point at all in that case. It also parses every file, and not
    only those with the group.
    """
    found: list[EntryPoint] = []
    for distribution in metadata.distributions():
        try:
            if group in (distribution.read_text(_FILE) or "") and not _is_hidden(distribution):
                found += [entry for entry in distribution.entry_points if entry.group == group]
        except Exception as error:  # noqa: BLE001 - a damaged file raises anything
            _warn(label(distribution), _why(error))
    return found


def damaged() -> dict[str, str]:
    """Return the distributions whose entry points cannot be read, and the reasons."""
    found = {}
    for distribution in metadata.distributions():
        try:
            list(distribution.entry_points)
        except Exception as error:  # noqa: BLE001 - a damaged file raises anything
            found[label(distribution)] = _why(error)
    return found


def _is_hidden(distribution: Distribution) -> bool:
    """Return whether another distribution with the same name comes first on the path."""
    name = field(distribution, "Name")
    if not name:
        return False
    first = metadata.distribution(name)
    return _place(first) != _place(distribution)


def field(distribution: Distribution, name: str) -> str | None:
    """Return a field of the distribution's metadata, or None if the field or all metadata are missing.

    ``metadata["Name"]`` warns of a missing field on Python 3.12, and raises KeyError from 3.14 on.
    """
    fields: Any = distribution.metadata
    return None if fields is None else fields.get(name)


def _place(distribution: Distribution) -> tuple[object, str | None]:
    return distribution.locate_file(""), field(distribution, "Version")


def label(distribution: Distribution) -> str:
    """Return the distribution's name for messages; its metadata folder if it has lost its name."""
    if name := field(distribution, "Name"):
        return name.lower().replace("_", "-")
    if isinstance(distribution, PathDistribution):
        return str(distribution._path)  # no public attribute names the folder
    return str(distribution.locate_file(""))


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@cache
def _warn(name: str, why: str) -> None:
    logger.warning("the entry points of the distribution %s cannot be read: %s; it has no plugins", name, why)
