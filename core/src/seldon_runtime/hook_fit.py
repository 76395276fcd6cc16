"""Whether a plugin's hooks can be asked: what pluggy checks, and what it would let pass without a word."""

from __future__ import annotations

import inspect
import re

import pluggy

from seldon_runtime import hookspecs
from seldon_runtime.errors import closest

NAMES = tuple(name for name in vars(hookspecs) if name.startswith("seldon_"))
"""Every hook there is."""


def register(manager: pluggy.PluginManager, plugin: object, name: str, required: str | None) -> str | None:
    """Register the hooks of a plugin's module or object.

    Args:
        required: the hook without which a plugin of its group does nothing; None: any will do.

    Returns:
        What is wrong with it; None when nothing is.
    """
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        why = " ".join(str(error).split())
        return f"{why}{_meant(why)}"
    callers = manager.get_hookcallers(plugin) or []
    found = [caller.name for caller in callers]
    for hook in NAMES:
        if hook not in found and inspect.isroutine(getattr(plugin, hook, None)):
            return f"{hook} is not marked with @hookimpl"
    if not found:
        return "it has no function that is marked with @hookimpl"
    if required is not None and required not in found:
        return f"it has no hook {required}"
    return next((fault for caller in callers if (fault := _fault(caller, plugin))), None)


def _fault(caller: pluggy.HookCaller, plugin: object) -> str | None:
    """What pluggy takes and does nothing with."""
    own = next(hook for hook in caller.get_hookimpls() if hook.plugin is plugin)
    if own.wrapper or own.hookwrapper:
        return f"{caller.name} is a wrapper, but each plugin is asked by itself: there is nothing to wrap"
    code = getattr(own.function, "__code__", None)
    keywords = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount] if code else ()
    for name in (*own.kwargnames, *keywords):
        if caller.spec is not None and name in caller.spec.argnames:
            return f"{caller.name} would not get {name}, which has a default or is keyword-only"
    return None


def _meant(complaint: str) -> str:
    """The hook that pluggy's complaint about an unknown one may mean."""
    unknown = re.search(r"unknown hook '(\w+)'", complaint)
    close = closest(unknown[1], NAMES) if unknown else []
    return f". Did you mean {close[0]}?" if close else ""
