"""Validation of a plugin's hooks: pluggy's own checks, and faults that pluggy accepts silently."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import pluggy

from seldon_runtime.errors import closest


def register(manager: pluggy.PluginManager, plugin: object, name: str, required: Sequence[str]) -> str | None:
    """Register the hooks of a plugin's module or object.

    Args:
        manager: the plugin manager with all hook specifications.
        plugin: the module or object.
        name: the name to register it by.
        required: the hooks of which a plugin of its group needs one; empty to accept any hook.

    Returns:
        The fault of the plugin, or None.
    """
    names = specified(manager)
    namespace: Any = plugin
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        why = " ".join(str(error).split())
        return f"{why}{_hint(why, names)}"
    callers = manager.get_hookcallers(plugin) or []
    found = [caller.name for caller in callers]
    for hook in names:
        is_own = manager.parse_hookspec_opts(namespace, hook) is not None  # its specification, not its hook
        if hook not in found and not is_own and inspect.isroutine(getattr(plugin, hook, None)):
            return f"{hook} is not marked with @hookimpl"
    if not found:
        return "none of its functions is marked with @hookimpl"
    if required and not set(required) & set(found):
        return f"it lacks the hook {' or '.join(required)}"
    return next((fault for caller in callers if (fault := _fault(caller, plugin))), None)


def specified(manager: pluggy.PluginManager) -> list[str]:
    """Return the names of all hooks that the core and the selected plugins specify."""
    callers = vars(manager.hook).items()
    return [name for name, caller in callers if name.startswith("seldon_") and caller.has_spec()]


def _fault(caller: pluggy.HookCaller, plugin: object) -> str | None:
    """Return a fault that pluggy accepts although it makes the hook useless, or None."""
    own = next(hook for hook in caller.get_hookimpls() if hook.plugin is plugin)
    if own.wrapper or own.hookwrapper:
        return f"{caller.name} is a wrapper, but the core calls each plugin's hook alone: remove wrapper=True"
    code = getattr(own.function, "__code__", None)
    keywords = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount] if code else ()
    for name in (*own.kwargnames, *keywords):
        if caller.spec is not None and name in caller.spec.argnames:
            return f"{caller.name} would not receive {name}, because it has a default or is keyword-only"
    return None


def _hint(complaint: str, names: Sequence[str]) -> str:
    """Return the remedy for pluggy's complaint about an unknown hook."""
    unknown = re.search(r"unknown hook '(\w+)'", complaint)
    if unknown is None:
        return ""
    close = closest(unknown[1], names)
    meant = f". Did you mean {close[0]}?" if close else "."
    return f"{meant} If another plugin specifies {unknown[1]}, mark yours with @hookimpl(optionalhook=True)"
