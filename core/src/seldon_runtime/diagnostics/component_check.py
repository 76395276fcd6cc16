"""Check of the user's class: loaded as a start loads it, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seldon_runtime.builtin import defaults
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.parameters import parse_parameters
from seldon_runtime.diagnostics.effective_settings import effective
from seldon_runtime.diagnostics.isolation import Crashed, argument, report, run_isolated
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.contributions import params_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.process.units import LoadedUnits
from seldon_runtime.service.service import Service
from seldon_runtime.settings.derived import identity_from
from seldon_runtime.settings.options import mode_options
from seldon_runtime.settings.values import Settings

TIMEOUT_S = 60.0
"""Longest time for the load of a component; a start has no such limit."""


@dataclass(frozen=True, slots=True)
class ComponentCheck:
    """The methods of the component, or why it does not load."""

    methods: tuple[str, ...] = ()
    fault: str | None = None
    is_certain: bool = True
    """False if the load did not finish in the time of this check."""
    missing: str | None = None
    """The method that the service type requires and the class lacks."""


def check_component(
    chosen: Sequence[Plugin], transports: Sequence[str], words: Sequence[str]
) -> ComponentCheck:
    """Load the component with the settings of a command line and the environment, without its state. Blocks.

    Args:
        chosen: all selected plugins, whose options the words may contain.
        transports: the selected transports' names, in order.
        words: the command line.
    """
    told = {
        "chosen": [plugin._asdict() for plugin in chosen],
        "transports": list(transports),
        "words": list(words),
    }
    try:
        outcome = run_isolated(f"{__name__}:child", told, TIMEOUT_S)
    except Crashed as crash:
        is_certain = "did not finish" not in str(crash)
        return ComponentCheck(fault=f"the component {crash} while it was loaded", is_certain=is_certain)
    return ComponentCheck(tuple(outcome["methods"]), outcome["fault"], missing=outcome["missing"])


def child() -> None:
    """Load the component that the argument describes, in the new process."""
    told = argument()
    chosen = [Plugin(**members) for members in told["chosen"]]
    found = effective(params_of(PluginSet(chosen), mode_options()), told["words"])
    settings = Settings(found.values, tuple(told["transports"]))
    # the state belongs to a running server
    plugins = PluginSet([p for p in chosen if p.group != registry.PERSISTENCE], [defaults])
    report(lambda: _check_here(plugins, settings))


def _check_here(plugins: PluginSet, settings: Settings) -> dict[str, object]:
    outcome: dict[str, object] = {"methods": [], "fault": None, "missing": None}
    units = LoadedUnits(plugins, settings)
    try:
        service: Service | None = plugins.first("seldon_service", units=units, settings=settings)
        if service is not None:  # a service of a plugin loads its own components
            return {**outcome, "methods": _names(service.methods)}
        unit = units.load(
            settings["model_name"],
            parse_parameters(settings["parameters"]),
            identity_from(settings),
            ServiceType(settings["service_type"]),
        )
    except StartupError as error:
        return {**outcome, "fault": str(error)}
    predictor = unit.predictor
    missing = predictor.missing_method if isinstance(predictor, ComponentAdapter) else None
    return {**outcome, "methods": _names(predictor.methods), "missing": missing}


def _names(methods: Iterable[Method]) -> list[str]:
    return sorted(method.value for method in methods)
