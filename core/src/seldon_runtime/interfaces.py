"""Whether what a plugin's hook gave is what that hook has to give."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.observer import Interceptor, Observer
from seldon_runtime.signature import signature_of
from seldon_runtime.state import StateStore
from seldon_runtime.transport import Transport

PROTOCOLS: dict[str, tuple[str, type]] = {
    "seldon_transport": ("a Transport", Transport),
    "seldon_observer": ("an Observer", Observer),
    "seldon_interceptor": ("an Interceptor", Interceptor),
    "seldon_state_store": ("a StateStore", StateStore),
}
"""By hook: what its objects are, and the methods that they must have."""

TYPES: dict[str, type] = {"seldon_options": click.Option, "seldon_commands": click.Command}
"""By hook: the type of its objects."""


def check(label: str, hook: str, given: object) -> None:
    """Look at one object that the hook of the plugin ``label`` gave.

    Raises:
        StartupError: it is no object of the kind; says what it lacks.
    """
    lack = _lack(hook, given)
    if lack is not None:
        what = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
        raise StartupError(f"{label} gave {what} from {hook}, expected {lack}")


def _lack(hook: str, given: object) -> str | None:
    """What was expected; None when the object is that."""
    if hook in TYPES:
        return None if isinstance(given, TYPES[hook]) else f"a click.{TYPES[hook].__name__}"
    if hook not in PROTOCOLS:
        return None
    kind, protocol = PROTOCOLS[hook]
    if isinstance(given, type):
        return f"{kind}: an object, not its class"
    for name, specified in vars(protocol).items():
        if inspect.isfunction(specified) and not name.startswith("_"):
            fault = _fault(name, getattr(given, name, None), specified)
            if fault is not None:
                return f"{kind}: {fault}"
    if hook == "seldon_transport" and not isinstance(own := getattr(given, "name", None), str):
        return f"{kind}: its name is {own!r:.40}, not a text"
    return None


def _fault(name: str, method: object, specified: Callable[..., object]) -> str | None:
    if not callable(method):
        return f"it has no method {name}"
    if inspect.iscoroutinefunction(method):
        return f"its method {name} is a coroutine function, which nobody awaits"
    _, *wanted = signature_of(specified).parameters.values()
    named = [parameter.name for parameter in wanted if parameter.kind is parameter.KEYWORD_ONLY]
    try:
        signature_of(method).bind(*wanted[: len(wanted) - len(named)], **dict.fromkeys(named))
    except TypeError as error:
        what = ", ".join(parameter.name for parameter in wanted) or "no argument"
        return f"its method {name} does not take {what}: {error}"
    except ValueError:
        pass  # it has no signature
    return None
