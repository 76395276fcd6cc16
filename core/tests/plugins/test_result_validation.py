"""The objects that hooks give are validated before they are used."""

from __future__ import annotations

import re
from typing import Any

import pytest

from seldon_runtime import plugin as facade
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import result_validation
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer


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


@pytest.mark.parametrize("hook", result_validation.INTERFACES)
def test_objects_that_take_what_is_passed_are_fine(hook: str) -> None:
    result_validation.check("plugin", hook, Anything())
    result_validation.check("plugin", "seldon_state_store", Store())


@pytest.mark.parametrize("hook", result_validation.BASES)
def test_an_object_of_another_base_class_is_refused(hook: str) -> None:
    kind, base = result_validation.BASES[hook]
    expected = f"plugin returned Anything from {hook}, expected {kind}: a subclass of seldon_runtime.plugin."
    with pytest.raises(StartupError, match=re.escape(f"{expected}{base.__name__}")):
        result_validation.check("plugin", hook, Anything())
    assert getattr(facade, base.__name__) is base


def test_an_observer_that_overrides_with_fitting_methods_is_fine() -> None:
    class Fits(Observer):
        def call_finished(self, call: Any, outcome: Any, more: Any = None) -> None: ...

    result_validation.check("plugin", "seldon_observer", Fits())
    result_validation.check("plugin", "seldon_observer", Observer())


def test_a_coroutine_in_place_of_a_method_is_refused() -> None:
    class Awaits(Observer):
        async def call_finished(self, call: Any, outcome: Any) -> None: ...  # type: ignore[override]

    with pytest.raises(StartupError, match="call_finished must not be a coroutine function"):
        result_validation.check("plugin", "seldon_observer", Awaits())


@pytest.mark.parametrize(
    ("method", "lack"),
    [
        (lambda self, key, blob: None, "must accept key, blob, expected, keep: got an unexpected keyword"),
        (lambda self, key, blob, *, expected, keep, how: None, "must accept key, blob, expected, keep: "),
        (lambda key, blob, expected, keep: None, "must accept key, blob, expected, keep: "),
        (print, "must accept key, blob, expected, keep: "),
    ],
)
def test_a_method_with_other_arguments_is_told(method: Any, lack: str) -> None:
    store = type("Other", (Store,), {"save": method})()
    with pytest.raises(
        StartupError, match=r"^plugin returned Other from seldon_state_store, expected a StateS"
    ) as e:
        result_validation.check("plugin", "seldon_state_store", store)
    assert f"its method save {lack}" in str(e.value)


def test_a_builtin_without_a_signature_is_taken() -> None:
    result_validation.check(
        "plugin", "seldon_interceptor", type("Odd", (Interceptor,), {"before": getattr})()
    )
