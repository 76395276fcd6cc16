"""Versions of Python and of distributions, and requirements that are not met."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata

from seldon_runtime.diagnostics.plain_versions import surely_fits

_CORE = "seldon-runtime"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def python() -> str:
    """Return a text such as ``CPython 3.13.1 on Linux-6.1-x86_64``, and whether there is a global lock."""
    free = "" if has_lock() else ", without global interpreter lock"
    return f"{platform.python_implementation()} {platform.python_version()} on {platform.platform()}{free}"


def has_lock() -> bool:
    """Return whether threads take turns (the global interpreter lock)."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return the versions of the core, distributions and their requirements; empty when missing."""
    found: dict[str, str] = {}
    for name in (_CORE, *distributions):
        found[name] = version(name) or ""
        for needed, _ in needs(name):
            found.setdefault(needed, version(needed) or "")
    return dict(sorted(found.items()))


def version(name: str) -> str | None:
    """Return the version of a distribution; None when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def needs(name: str) -> list[tuple[str, str]]:
    """Return the names and the full requirements that a distribution always has on this system.

    Requirements of extras are left out, and those of other systems too if the library ``packaging`` is
    installed.
    """
    return [(needed, text) for needed, text, marker in _requirements(name) if _applies(marker)]


def unmet(name: str) -> list[str]:
    """Return the unmet requirements of a distribution, each with the version that is installed instead."""
    faults = []
    for needed, requirement, marker in _requirements(name):
        there = version(needed)
        if (there is not None and surely_fits(requirement, there)) or not _applies(marker):
            continue
        if there is None:
            faults.append(f"{requirement}, which is not installed")
        elif not _fits(requirement, there):
            faults.append(f"{requirement}, but {there} is installed")
    return faults


def _requirements(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, requirement and marker of what a distribution needs without extras."""
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for requirement in required:
        text, _, marker = requirement.partition(";")
        matched = _NAME.match(text.strip())
        if matched and "extra" not in marker:
            yield matched[0], text.strip(), marker.strip()


def _applies(marker: str) -> bool:
    try:
        from packaging.markers import Marker
    except ImportError:
        return not marker  # ignores a requirement that may not apply
    return not marker or Marker(marker).evaluate()


def _fits(requirement: str, there: str) -> bool:
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return True
    return Requirement(requirement).specifier.contains(there, prereleases=True)
