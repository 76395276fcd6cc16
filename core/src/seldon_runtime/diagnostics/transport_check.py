"""Checks of the selected transports: each is created, not started, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.diagnostics.effective_settings import effective
from seldon_runtime.diagnostics.isolation import Crashed, argument, report, run_isolated
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.contributions import params_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.derived import limits_from
from seldon_runtime.settings.options import mode_options
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import OwnSockets

TIMEOUT_S = 30.0
"""Longest time for the creation of one transport."""


@dataclass(frozen=True, slots=True)
class TransportCheck:
    """The addresses of the transports that one plugin creates, or why it creates none."""

    addresses: tuple[str, ...] = ()
    fault: str | None = None
    is_certain: bool = True
    """True if the start fails too. Unlike this check, it creates observers and interceptors first."""


class _NotLoaded:
    """Stands for the user's object."""


def check_transport(
    plugin: Plugin, chosen: Sequence[Plugin], transports: Sequence[str], words: Sequence[str]
) -> TransportCheck:
    """Create the transports of a plugin with the settings of a command line and the environment. Blocks.

    Args:
        plugin: the transport plugin to check.
        chosen: all selected plugins, whose options the words may contain.
        transports: the selected transports' names, in order.
        words: the command line.
    """
    told = {
        "plugin": plugin._asdict(),
        "chosen": [other._asdict() for other in chosen],
        "transports": list(transports),
        "words": list(words),
    }
    try:
        outcome = run_isolated(f"{__name__}:child", told, TIMEOUT_S)
    except Crashed as crash:
        return TransportCheck(fault=f"{plugin} {crash} while it created its transport")
    return TransportCheck(tuple(outcome["addresses"]), outcome["fault"], outcome["is_certain"])


def child() -> None:
    """Check the plugin that the argument describes, in the new process."""
    told = argument()
    plugin, chosen = Plugin(**told["plugin"]), [Plugin(**members) for members in told["chosen"]]
    hooks = PluginSet(chosen)
    found = effective(params_of(hooks, mode_options()), told["words"])
    settings = Settings(found.values, tuple(told["transports"]))
    report(lambda: _check_here(plugin, hooks, settings))


def _check_here(plugin: Plugin, hooks: PluginSet, settings: Settings) -> dict[str, object]:
    unit = Unit(ComponentAdapter(_NotLoaded()), Executor())
    service = ComponentService(unit, limits=limits_from(settings))
    outcome: dict[str, object] = {"addresses": [], "fault": None, "is_certain": True}
    try:
        collected = PluginSet([plugin]).collect(
            "seldon_transport", service=service, settings=settings, sockets=OwnSockets()
        )
        created = [transport for _, transport in collected]
    except StartupError as error:
        return {**outcome, "fault": str(error), "is_certain": error.__cause__ is None}
    try:
        return {**outcome, "addresses": [str(transport.address) for transport in created]}
    except Exception as error:  # noqa: BLE001 - the address is a property of the plugin's own object
        return {**outcome, "fault": f"a transport has no address: {type(error).__name__}: {error}"}
