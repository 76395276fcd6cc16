"""Validate the objects that plugin hooks return."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import click

from seldon_runtime.component.signature import signature_of
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.persistence.store import StateStore
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.service import Service
from seldon_runtime.transport.interface import Transport
from seldon_runtime.transport.ports import Port

INTERFACES: dict[str, tuple[str, type]] = {
    "seldon_transport": ("a Transport", Transport),
    "seldon_state_store": ("a StateStore", StateStore),
}
"""The interface of each hook's objects, whose methods they must have."""

BASES: dict[str, tuple[str, type]] = {
    "seldon_observer": ("an Observer", Observer),
    "seldon_interceptor": ("an Interceptor", Interceptor),
    "seldon_batcher": ("a Batcher", Batcher),
    "seldon_predictor": ("a Predictor", Predictor),
    "seldon_service": ("a Service", Service),
    "seldon_ports": ("a Port", Port),
}
"""The base class of each hook's objects."""

TYPES: dict[str, type] = {"seldon_options": click.Option, "seldon_commands": click.Command}
"""The click type of each hook's objects."""


def check(label: str, hook: str, given: object) -> None:
    """Validate one object that a hook of the plugin ``label`` returned.

    Raises:
        StartupError: the object does not suit the hook; the message says why.
    """
    fault = _object_fault(hook, given)
    if fault is not None:
        shown = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
        raise StartupError(f"{label} returned {shown} from {hook}, expected {fault}")


def _object_fault(hook: str, given: object) -> str | None:
    """Return the expectation that the object fails to meet, or None."""
    if hook in TYPES:
        return None if isinstance(given, TYPES[hook]) else f"a click.{TYPES[hook].__name__}"
    kind, interface = {**INTERFACES, **BASES}.get(hook, ("", object))
    if not kind:
        return None
    if isinstance(given, type):
        return f"{kind}: an object, not its class"
    if hook in BASES and not isinstance(given, interface):
        return f"{kind}: a subclass of seldon_runtime.plugin.{interface.__name__}"
    for name, specified in vars(interface).items():
        if inspect.isfunction(specified) and not name.startswith("_"):
            fault = _fault(name, getattr(given, name, None), specified)
            if fault is not None:
                return f"{kind}: {fault}"
    if hook == "seldon_transport" and not isinstance(own := getattr(given, "name", None), str):
        return f"{kind}: its name must be text, got {own!r:.40}"
    return None


def _fault(name: str, method: object, specified: Callable[..., object]) -> str | None:
    if not callable(method):
        return f"it lacks the method {name}"
    if inspect.iscoroutinefunction(method) and not inspect.iscoroutinefunction(specified):
        return f"its method {name} must not be a coroutine function"
    _, *wanted = signature_of(specified).parameters.values()
    named = [parameter.name for parameter in wanted if parameter.kind is parameter.KEYWORD_ONLY]
    try:
        signature_of(method).bind(*wanted[: len(wanted) - len(named)], **dict.fromkeys(named))
    except TypeError as error:
        what = ", ".join(parameter.name for parameter in wanted) or "no argument"
        return f"its method {name} must accept {what}: {error}"
    except ValueError:
        pass  # a callable without a signature accepts anything
    return None
