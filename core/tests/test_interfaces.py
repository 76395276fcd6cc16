"""What hooks give is looked at before it is used: methods, and whether they can be called."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime import interfaces
from seldon_runtime.errors import StartupError


class Store:
    address = "store:nowhere"

    def load(self, key, version=None): ...
    def save(self, key, blob, *, expected, keep): ...
    def versions(self, key): ...
    def all_keys(self): ...
    def delete(self, key): ...
    def close(self): ...


class Anything:
    """Takes whatever comes, as stand-ins of tests do."""

    name = "anything"

    def __getattr__(self, name):
        return lambda *_arguments, **_named: None


@pytest.mark.parametrize("hook", interfaces.PROTOCOLS)
def test_objects_that_take_what_is_passed_are_fine(hook: str) -> None:
    interfaces.check("plugin", hook, Anything())
    interfaces.check("plugin", "seldon_state_store", Store())


@pytest.mark.parametrize(
    ("method", "lack"),
    [
        (lambda self, key, blob: None, "does not take key, blob, expected, keep: got an unexpected keyword"),
        (lambda self, key, blob, *, expected, keep, how: None, "does not take key, blob, expected, keep: "),
        (lambda key, blob, expected, keep: None, "does not take key, blob, expected, keep: "),
        (print, "does not take key, blob, expected, keep: "),
    ],
)
def test_a_method_with_other_arguments_is_told(method: Any, lack: str) -> None:
    store = type("Other", (Store,), {"save": method})()
    with pytest.raises(
        StartupError, match=r"^plugin gave Other from seldon_state_store, expected a StateS"
    ) as e:
        interfaces.check("plugin", "seldon_state_store", store)
    assert f"its method save {lack}" in str(e.value)


def test_a_builtin_without_a_signature_is_taken() -> None:
    interfaces.check("plugin", "seldon_interceptor", type("Odd", (), {"intercept": getattr})())
