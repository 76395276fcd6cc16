"""Checks of installed plugins, each in a process of its own, so that a crash or hang affects no other."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from seldon_runtime.diagnostics.isolation import Crashed, argument, report, run_isolated
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.contributions import variables_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin

TIMEOUT_S = 30.0
"""Longest time for the import of one plugin."""


@dataclass(frozen=True, slots=True)
class PluginCheck:
    """The outcome for one plugin."""

    fault: str | None = None
    """Why the plugin cannot be used, in the words of the start; None when it can."""
    traceback: str = ""
    """Traceback of the exception that the plugin raised."""
    variables: tuple[str, ...] = ()
    """The environment variables of its options."""


def check_plugins(found: Sequence[Plugin]) -> dict[Plugin, PluginCheck]:
    """Import each plugin in a process of its own and collect its options and commands.

    Blocks for about a second for each plugin and processor. Output of the plugins is dropped.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return dict(zip(found, pool.map(_check, found), strict=True))


def _check(plugin: Plugin) -> PluginCheck:
    try:
        told = run_isolated(f"{__name__}:child", plugin._asdict(), TIMEOUT_S)
    except Crashed as crash:
        return PluginCheck(f"{plugin} {crash} while it was imported")
    return PluginCheck(told["fault"], told["traceback"], tuple(told["variables"]))


def child() -> None:
    """Check the plugin that the argument describes, in the new process."""
    plugin = Plugin(**argument())
    report(lambda: asdict(_check_here(plugin)))


def _check_here(plugin: Plugin) -> PluginCheck:
    try:
        chosen = PluginSet([plugin])
        options = [option for _, option in chosen.collect("seldon_options")]
        list(chosen.collect("seldon_commands"))
    except StartupError as error:
        cause = error.__cause__
        lines = traceback.format_exception(cause) if cause is not None else []
        return PluginCheck(str(error), "".join(lines))
    return PluginCheck(variables=tuple(variable for option in options for variable in variables_of(option)))
