"""Whether what a plugin's hook gave is what that hook has to give."""

from __future__ import annotations

import click

from seldon_runtime.errors import StartupError

_STORE = ("load", "save", "versions", "all_keys", "delete", "close")
METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    "seldon_transport": ("a Transport", ("start", "stop_accepting", "stop")),
    "seldon_observer": ("an Observer", ("call_finished", "life_changed")),
    "seldon_interceptor": ("an Interceptor", ("intercept",)),
    "seldon_state_store": ("a StateStore", _STORE),
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
    if hook not in METHODS:
        return None
    kind, methods = METHODS[hook]
    if isinstance(given, type):
        return f"{kind}: an object, not its class"
    for method in methods:
        if not callable(getattr(given, method, None)):
            return f"{kind}: it has no method {method}"
    if hook == "seldon_transport" and not isinstance(name := getattr(given, "name", None), str):
        return f"{kind}: its name is {name!r:.40}, not a text"
    return None
