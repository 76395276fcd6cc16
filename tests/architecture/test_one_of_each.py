"""One of each that tests share: the waiting time of the public kit, the clients in ``tests/support``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECTS, ROOT

OWN_WAITS: set[str] = set()
"""Distributions whose tests still have waiting times of their own. Only remove names here."""
CONSTANT = re.compile(r"_?(WAIT|LIMIT|TIMEOUT)_S")
WAITS = {"acquire", "get", "join", "result", "wait"}
LEAST_S = 5
"""A shorter wait is for something that ought not to happen."""

CLIENTS = {"HTTPConnection", "urlopen", "insecure_channel", "secure_channel", "create_connection"}
MAKERS_OF_CLIENTS = {
    "tests/support",
    "tests/conformance/runner.py",
    "tests/conformance_v2/runner.py",
    "tests/conformance_graph/runner.py",
    "tests/contracts/contract.py",
}
"""The support modules, the recorded cases' own runners, the client of the contracts' own protocol."""


def trees() -> list[Path]:
    """The folders of tests: one for each distribution, and that of the whole."""
    return [ROOT / "tests", *(project.parent / "tests" for project in PROJECTS)]


def own_waits(source: ast.Module) -> Iterator[int]:
    """The lines that define a waiting time, or wait for a number of seconds."""
    for node in source.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float())):
                if CONSTANT.fullmatch(name):
                    yield node.lineno
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAITS:
            timeouts = [
                *node.args,
                *(word.value for word in node.keywords if word.arg in ("timeout", "timeout_s")),
            ]
            values = [value.value for value in timeouts if isinstance(value, ast.Constant)]
            if any(isinstance(value, int | float) and value >= LEAST_S for value in values):
                yield node.lineno


def own_clients(source: ast.Module) -> Iterator[int]:
    """The lines that connect by HTTP, gRPC or a socket."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CLIENTS:
                yield node.lineno


def places(find: object, files: list[Path]) -> list[str]:
    found = []
    for file in files:
        lines = find(ast.parse(file.read_text()))  # type: ignore[operator]
        found += [f"{file.relative_to(ROOT).as_posix()}:{line}" for line in lines]
    return found


@pytest.mark.parametrize("tree", trees(), ids=lambda tree: tree.parent.relative_to(ROOT).as_posix())
def test_the_kit_has_the_only_waiting_time(tree: Path) -> None:
    files = [
        path for path in sorted(tree.rglob("*.py")) if not path.match("runner.py") or path.match("test_*")
    ]
    found = places(own_waits, files)
    if tree.parent.relative_to(ROOT).as_posix() in OWN_WAITS:
        assert found, "they are gone: remove the distribution from OWN_WAITS"
    else:
        assert found == [], "import WAIT_S from seldon_runtime.testing"


def test_clients_are_made_in_support_only() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    found = places(own_clients, files)
    others = [place for place in found if not place.startswith(tuple(MAKERS_OF_CLIENTS))]
    assert others == [], "use HttpClient, GrpcClient or RawSocket of tests.support"
