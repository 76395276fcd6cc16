"""The wheels of all distributions."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.paths import DOCS, PROJECTS, ROOT


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


def test_a_second_build_has_the_same_bytes(wheels: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(ROOT / "compat")], check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")
    assert again.read_bytes() == (wheels / again.name).read_bytes()


def test_the_names_of_the_documentation_are_found_in_the_wheelhouse(wheels: Path) -> None:
    page = (DOCS / "how-to" / "install.md").read_text("utf-8")
    (command,) = re.findall(r"^pip (install --find-links wheelhouse .*)$", page, re.M)
    words = shlex.split(command.replace("wheelhouse", str(wheels)))
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, "--dry-run", "--no-deps", "--no-index", "--ignore-installed"],
        capture_output=True,
        text=True,
    )
    assert "Would install seldon-runtime-" in done.stdout, done.stderr
