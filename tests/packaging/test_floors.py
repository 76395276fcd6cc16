"""Every library has a lowest version, the same everywhere, without known faults of earlier ones."""

from __future__ import annotations

import re
import sys

import pytest

from tests.support.paths import PROJECTS, ROOT
from tests.support.scripts import packaging_script

FIRST_WITHOUT_KNOWN_FAULTS = {
    "click": (8, 3, 3),
    "flask": (3, 1, 3),
    "grpcio": (1, 82, 1),
    "httptools": (0, 6, 4),
    "msgspec": (0, 21, 0),
    "orjson": (3, 11, 6),
    "protobuf": (5, 29, 6),
    "redis": (6, 0, 0),
    "werkzeug": (3, 1, 6),
}
"""Releases that mend a published fault in something that the runtime relies on; SECURITY.md says which."""


FLOORS = packaging_script("floors")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.parent.name)
def test_every_requirement_states_a_lowest_version(project):
    for requirement in FLOORS.requirements(project):
        assert len(numbers(FLOORS.floor(requirement)[1])) >= 3, f"{requirement} has no complete version"


def test_the_distributions_agree():
    assert FLOORS.projects() == sorted(project.parent for project in PROJECTS)
    assert FLOORS.floors()


@pytest.mark.parametrize(("name", "first"), FIRST_WITHOUT_KNOWN_FAULTS.items())
def test_releases_with_known_faults_are_excluded(name, first):
    assert numbers(FLOORS.floors()[name]) >= first


@pytest.mark.parametrize("requirement", ["numpy", "numpy<3", "numpy==1.26.0", "numpy>=1,>=1.2", "numpy>=2"])
def test_a_requirement_without_a_lowest_version_is_an_error(requirement):
    with pytest.raises(ValueError, match="lowest version"):
        FLOORS.floor(requirement)


def test_the_reasons_are_documented():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    for name in FIRST_WITHOUT_KNOWN_FAULTS:
        assert re.search(rf"^\| {name} \| {re.escape(FLOORS.floors()[name])} \|", text, re.MULTILINE), name


@pytest.mark.skipif(sys.platform == "win32", reason="tox's environment is for Linux and macOS")
def test_tox_installs_the_floors():
    text = (ROOT / "tox.ini").read_text("utf-8")
    assert "[testenv:floors]" in text
    assert "packaging/floors.py" in text
