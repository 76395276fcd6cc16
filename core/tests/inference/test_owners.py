"""The owners of failing objects: the log names the plugin with its distribution."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference import owners

SOURCE = """
class Guard:
    def admit(self, act):
        act()
"""


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(owners, "_OWNERS", {})
    return None


def guard(module: str) -> Any:
    """An object of a class that stands in the module."""
    made = ModuleType(module)
    exec(SOURCE, made.__dict__)
    return made.Guard()


@pytest.mark.parametrize(
    ("target", "module", "is_owned"),
    [
        ("acme_guard", "acme_guard", True),
        ("acme_guard:PLUGIN", "acme_guard", True),
        ("acme.guard.plugin", "acme.guard.keys", True),
        ("acme.guard.plugin", "acme.guard.deep.keys", True),
        ("acme.guard.plugin", "acme.other.keys", False),
        ("acme_guard", "acme_guardian", False),
    ],
)
def test_a_plugin_owns_the_classes_of_its_package(target: str, module: str, is_owned: bool) -> None:
    owners.record(target, "the plugin")
    of = " of the plugin" if is_owned else ""
    assert owners.described(guard(module)) == f"Guard{of}"
    assert owners.place_of(guard(module), "admit") == f"Guard.admit{of}"


def test_a_failure_names_the_innermost_plugin_and_conceals_its_text() -> None:
    owners.record("acme_outer", "the outer")
    owners.record("acme_inner", "the inner")

    def fail() -> None:
        raise ValueError("the secret")

    try:
        guard("acme_outer").admit(lambda: guard("acme_inner").admit(fail))
    except ValueError as raised:
        error = owners.failed(raised, "predict")
    assert error.where.endswith("admit of the inner")
    assert error.code is ErrorCode.COMPONENT_FAILED
    assert "secret" not in error.message + str(error)
    assert str(error.__cause__) == "the secret"


def test_without_a_plugin_the_place_stands() -> None:
    assert owners.failed(ValueError("x"), "predict").where == "predict"
