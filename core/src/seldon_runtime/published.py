"""The entry points of all installed distributions, also when one of them is damaged."""

from __future__ import annotations

import logging
from functools import cache
from importlib import metadata
from importlib.metadata import Distribution, EntryPoint

logger = logging.getLogger(__name__)

_FILE = "entry_points.txt"


def entry_points(*, group: str) -> list[EntryPoint]:
    """Those of one group. A distribution whose file cannot be read has none, with a warning; the standard
    library gives none at all then, and takes apart every file, not only those that name the group."""
    found: list[EntryPoint] = []
    for distribution in metadata.distributions():
        try:
            if group in (distribution.read_text(_FILE) or "") and not _is_hidden(distribution):
                found += [entry for entry in distribution.entry_points if entry.group == group]
        except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to
            _warn(_name(distribution), _why(error))
    return found


def damaged() -> dict[str, str]:
    """The distributions whose entry points cannot be read, and why."""
    found = {}
    for distribution in metadata.distributions():
        try:
            list(distribution.entry_points)
        except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to
            found[_name(distribution)] = _why(error)
    return found


def _is_hidden(distribution: Distribution) -> bool:
    """Whether another one of its name comes first on the path."""
    name = distribution.metadata["Name"]
    if not name:  # it is lost
        return False
    first = metadata.distribution(name)
    return (first.locate_file(""), first.version) != (distribution.locate_file(""), distribution.version)


def _name(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"] or "unknown").lower().replace("_", "-")


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@cache
def _warn(name: str, why: str) -> None:
    logger.warning("the entry points of the distribution %s cannot be read: %s; it has no plugins", name, why)
