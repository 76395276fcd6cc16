"""The entry points of all installed distributions, also when one of them is damaged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from importlib.metadata import Distribution, EntryPoint

logger = logging.getLogger(__name__)


def entry_points(*, group: str) -> Sequence[EntryPoint]:
    """Those of one group. The standard library gives none at all when one file of them cannot be read:
    then that distribution is left out, with a warning."""
    try:
        return list(metadata.entry_points(group=group))
    except Exception:  # noqa: BLE001 - whatever a damaged file leads to
        return [entry for entry in _readable() if entry.group == group]


def damaged() -> dict[str, str]:
    """The distributions whose entry points cannot be read, and why."""
    found = {}
    for distribution in metadata.distributions():
        try:
            list(distribution.entry_points)
        except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to
            found[_name(distribution)] = f"{type(error).__name__}: {error}"
    return found


def _readable() -> list[EntryPoint]:
    entries: list[EntryPoint] = []
    bad = damaged()
    seen = set(bad)
    for name, why in bad.items():
        _warn(name, why)
    for distribution in metadata.distributions():  # the first of a name hides those behind it on the path
        name = _name(distribution)
        if name not in seen:
            seen.add(name)
            entries += distribution.entry_points
    return entries


def _name(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"] or "unknown").lower().replace("_", "-")


@cache
def _warn(name: str, why: str) -> None:
    logger.warning("the entry points of the distribution %s cannot be read: %s; it has no plugins", name, why)
