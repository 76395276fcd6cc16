"""The libraries of the runtime, kept from being hidden by folders of user code.

The folder of the user's class stands first on ``sys.path``, so that the class finds its own modules. A folder
there with the name of a library, such as ``msgspec`` or ``flask``, would also be found by the runtime, which
imports some libraries only when they are needed.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

logger = logging.getLogger(__name__)

_OWN = re.compile(r"seldon[-_.]runtime", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@cache
def guard_libraries() -> None:
    """Find the runtime's libraries where they are found now, whatever is added to ``sys.path`` from now on.

    Call it before user code is imported. Repeated calls do nothing.
    """
    sys.meta_path.insert(0, _LibraryFinder(sys.path))


class _LibraryFinder(MetaPathFinder):
    """Finds libraries on the path of the start, and leaves all other modules to the other finders."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = list(path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a library that a later folder would hide; None for every other module."""
        if path is not None:  # a submodule is found in its package
            return None
        added = [folder for folder in sys.path if folder not in self._path]
        hiding = PathFinder.find_spec(fullname, added) if added else None
        if hiding is None or hiding.origin is None:  # an ordinary folder does not hide a package
            return None
        library = PathFinder.find_spec(fullname, self._path)
        if library is None or fullname not in _library_modules():
            return None
        logger.warning(
            "%s has the name of the library %s (%s), which is imported in its place: rename it",
            *(hiding.origin, fullname, library.origin),
        )
        return library


@cache
def _library_modules() -> frozenset[str]:
    """Return the top-level modules of the runtime's distributions and of all that they require."""
    required = _required_distributions()
    modules = metadata.packages_distributions()
    return frozenset(name for name, owners in modules.items() if not required.isdisjoint(map(_key, owners)))


def _required_distributions() -> set[str]:
    installed = {_key(each.name): each for each in metadata.distributions() if each.name}
    waiting = [name for name in installed if _OWN.match(name)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in installed:
            found.add(name)
            waiting += [
                _key(match[0]) for text in installed[name].requires or () if (match := _NAME.match(text))
            ]
    return found


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
