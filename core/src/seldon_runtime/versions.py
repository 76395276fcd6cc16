"""Versions of Python and of the distributions that matter, and what distributions need that is not there."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable
from importlib import metadata

_CORE = "seldon-runtime"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def python() -> str:
    """Such as ``CPython 3.13.1 on Linux-6.1-x86_64``, and whether it has no global lock."""
    free = "" if has_lock() else ", without global interpreter lock"
    return f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}{free}"


def has_lock() -> bool:
    """Whether threads take turns (the global interpreter lock)."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Of the core, of these distributions, and of what they need directly: by name, empty when missing."""
    found: dict[str, str] = {}
    for name in (_CORE, *distributions):
        found[name] = version(name) or ""
        for needed, _ in needs(name):
            found.setdefault(needed, version(needed) or "")
    return dict(sorted(found.items()))


def version(name: str) -> str | None:
    """None when the distribution is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def needs(name: str) -> list[tuple[str, str]]:
    """What a distribution needs always, here: names, and the whole requirements.

    Requirements of extras are left out, and, where the library ``packaging`` is there to tell, those of
    other systems.
    """
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    found = []
    for requirement in required:
        text, _, marker = requirement.partition(";")
        matched = _NAME.match(text.strip())
        if matched and "extra" not in marker and _applies(marker.strip()):
            found.append((matched[0], text.strip()))
    return found


def unmet(name: str) -> list[str]:
    """The requirements of a distribution that are not fulfilled: each with what is there instead."""
    faults = []
    for needed, requirement in needs(name):
        there = version(needed)
        if there is None:
            faults.append(f"{requirement}, which is not installed")
        elif not _fits(requirement, there):
            faults.append(f"{requirement}, but {there} is installed")
    return faults


def _applies(marker: str) -> bool:
    try:
        from packaging.markers import Marker
    except ImportError:
        return not marker  # one that may not apply is not looked at
    return not marker or Marker(marker).evaluate()


def _fits(requirement: str, there: str) -> bool:
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return True
    return Requirement(requirement).specifier.contains(there, prereleases=True)
