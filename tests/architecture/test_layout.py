"""Where things lie: small modules, few to a folder, and beside each distribution tests that mirror it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MOST_LINES = 300
MOST_MODULES = 14

GENERATED = re.compile(r"_pb2(_grpc)?\.py$")
FOLDERS = {
    *(
        "architecture",
        "benchmarks",
        "conformance",
        "conformance_v2",
        "conformance_graph",
        "contracts",
        "docs",
        "faults",
        "fuzz",
        "lifecycle",
    ),
    *("packaging", "parity", "persistence", "support", "v2_clients"),
}
"""The folders of ``tests/``."""

HELD_ELSEWHERE = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<tests>\S+(?:, \S+)*)$", re.M)
"""A line of a test folder's docstring: modules of the mirrored folder, and the files that test them."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def packages() -> list[Path]:
    """The source folder of each distribution of this tree."""
    return sorted(
        init.parent for pattern in ("*", "plugins/*") for init in ROOT.glob(f"{pattern}/src/*/__init__.py")
    )


def modules_of(package: Path) -> list[Path]:
    """The modules that are written by hand and imported: neither generated nor templates."""
    modules = sorted(path for path in package.rglob("*.py") if not GENERATED.search(path.name))
    return [path for path in modules if "templates" not in path.relative_to(package).parts]


MODULES = [module for package in packages() for module in modules_of(package)]


def test_the_sources_are_found() -> None:
    names = {package.name for package in packages()}
    assert names >= {"seldon_runtime", "seldon_runtime_rest", "seldon_runtime_grpc", "seldon_core"}
    assert len(MODULES) > 150


def test_no_module_is_longer_than_300_lines() -> None:
    long = {relative(module) for module in MODULES if len(module.read_text().splitlines()) > MOST_LINES}
    assert long == set(), f"more than {MOST_LINES} lines: split them"


def test_no_folder_has_more_than_14_modules() -> None:
    folders = [module.parent for module in MODULES if module.name != "__init__.py"]
    full = {relative(folder) for folder in set(folders) if folders.count(folder) > MOST_MODULES}
    assert full == set(), f"more than {MOST_MODULES} modules: make a folder for each idea"


# tests beside each distribution


def mirrored(package: Path) -> list[Path]:
    """The modules of a distribution that need a test; the public kit for tests is what tests use."""
    modules = [module.relative_to(package) for module in modules_of(package)]
    is_kit = package.name == "seldon_runtime"
    return [m for m in modules if m.name != "__init__.py" and not (is_kit and m.parts[0] == "testing")]


def held_elsewhere(tests: Path) -> dict[str, list[str]]:
    """The modules that the docstring of a test folder's conftest names, with the files that test them."""
    conftest = tests / "conftest.py"
    text = ast.get_docstring(ast.parse(conftest.read_text()), clean=False) if conftest.exists() else None
    return {
        name: found["tests"].split(", ")
        for found in HELD_ELSEWHERE.finditer(text or "")
        for name in found["names"].split(", ")
    }


def faults_of(package: Path) -> list[str]:
    """The modules without a test, and what docstrings of test folders say that is not so."""
    tests = package.parents[1] / "tests"
    modules = mirrored(package)
    faults = []
    for module in modules:
        has_test = tests.joinpath(module.parent, f"test_{module.name}").exists()
        is_held = module.stem in held_elsewhere(tests / module.parent)
        if not has_test and not is_held:
            faults.append(f"{module} has no {relative(tests / module.parent / f'test_{module.name}')}")
        if has_test and is_held:
            faults.append(f"{module} has a test module of its name, and is said to be tested elsewhere")
    for folder in [tests, *(path for path in tests.rglob("*") if path.is_dir())]:
        for name, places in held_elsewhere(folder).items():
            source = folder.relative_to(tests) / f"{name}.py"
            faults += [] if source in modules else [f"{relative(folder)} names {source}, which is not there"]
            faults += [f"{source}: {place} is not there" for place in places if not (ROOT / place).is_file()]
    return faults


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.name)
def test_every_module_has_a_test_of_its_name_or_a_folder_that_says_where_it_is_tested(package: Path) -> None:
    distribution = relative(package.parents[1])
    if distribution == "compat":
        pytest.skip("it is tested against the recorded behaviour of the package that it stands for")
    assert faults_of(package) == [], (
        "Name the tests in the docstring of the folder's conftest.py, on a line such as\n"
        "    worker_link, channel: tests/lifecycle/test_supervisor.py"
    )


# tests of several distributions


def test_the_tests_of_the_whole_are_sorted_into_folders() -> None:
    tests = ROOT / "tests"
    assert list(tests.glob("test_*.py")) == []
    assert {path.name for path in tests.iterdir() if path.is_dir() and path.name != "__pycache__"} == FOLDERS
