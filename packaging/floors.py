"""Prints the lowest version of each library that the distributions allow, as constraints for pip.

    python packaging/floors.py > floors.txt && pip install -c floors.txt -e ./core …

``tox run -e floors`` runs the tests with exactly these versions. Needs only the standard library.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wheelhouse import projects

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?(?P<versions>[^;]*)(;.*)?")
_FLOOR = re.compile(r">=\s*([0-9.]+)")


def requirements(project: Path) -> Iterator[str]:
    """Yield the requirements of a distribution and of its extras, without those of this tree."""
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras: Mapping[str, Iterable[str]] = table.get("optional-dependencies", {})
    for requirement in [*table["dependencies"], *(one for extra in extras.values() for one in extra)]:
        if not requirement.startswith("seldon-runtime"):
            yield requirement


def floor(requirement: str) -> tuple[str, str]:
    """Return name and lowest version of a requirement.

    Raises:
        ValueError: the requirement has no complete lowest version, such as ``>=1.2.3``.
    """
    parts = _REQUIREMENT.fullmatch(requirement)
    found = _FLOOR.findall(parts["versions"]) if parts is not None else []
    if parts is None or len(found) != 1 or "." not in found[0]:
        raise ValueError(f"{requirement!r} has no lowest version, expected one such as numpy>=1.26.0")
    return re.sub(r"[-_.]+", "-", parts["name"]).lower(), found[0]


def floors() -> dict[str, str]:
    """Return the lowest version of each library by name.

    Raises:
        ValueError: a requirement has no lowest version, or two distributions state different ones.
    """
    found: dict[str, str] = {}
    for folder in projects():
        for requirement in requirements(folder / "pyproject.toml"):
            name, version = floor(requirement)
            if found.setdefault(name, version) != version:
                raise ValueError(f"{folder.name} needs {name}>={version}, others >={found[name]}")
    return dict(sorted(found.items()))


if __name__ == "__main__":
    for library, lowest in floors().items():
        sys.stdout.write(f"{library}=={lowest}\n")
