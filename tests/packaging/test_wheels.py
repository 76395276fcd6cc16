"""The wheels of all distributions."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = sorted([*ROOT.glob("*/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")])


def contents(wheel: Path) -> Iterable[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_every_distribution_has_a_wheel_that_an_index_would_take(wheels: Path) -> None:
    files = sorted(wheels.glob("*.whl"))
    assert len(files) == len(PROJECTS)
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == len(files)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.parent.name)
def test_a_wheel_holds_its_licence_its_types_and_the_version_of_all(project: Path, wheels: Path) -> None:
    about = tomllib.loads(project.read_text())["project"]
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text())["project"]
    assert about["version"] == core["version"]
    (wheel,) = wheels.glob(f"{about['name'].replace('-', '_')}-{about['version']}-*.whl")
    names = set(contents(wheel))
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert any(name.endswith("/py.typed") for name in names)
    sources = {
        str(path.relative_to(project.parent / "src"))
        for path in (project.parent / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources - names == set()
