"""Problems of settings that are each valid: ports, state, processes and threads, secrets."""

from __future__ import annotations

import difflib
import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from seldon_runtime.diagnostics import versions
from seldon_runtime.diagnostics.component_check import ComponentCheck
from seldon_runtime.diagnostics.effective_settings import Effective
from seldon_runtime.diagnostics.transport_check import check_transport
from seldon_runtime.errors import StartupError
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.persistence_options import require_alone
from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.file_watcher import NEEDS_WATCHFILES
from seldon_runtime.transport import sockets

_ADDRESS = re.compile(r"(?:[\w+.-]+://)?(?P<host>\[[^\]]*\]|[^/:]*):(?P<port>\d+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Finding:
    """``error``: the start fails. ``warning``: something is likely to go wrong. ``note``: good to know."""

    severity: str
    text: str


def of_transports(
    chosen: Sequence[Plugin], transports: Sequence[str], settings: Settings, words: Sequence[str]
) -> Iterator[Finding]:
    """Find transports that cannot be created, and ports that are used twice or by other programs."""
    places: dict[int, str] = {}
    for plugin in chosen:
        ports: list[int] = []
        if plugin.group == registry.TRANSPORT:
            check = check_transport(plugin, chosen, transports, words)
            ports = [_own_port(address, settings["host"]) for address in check.addresses]
            if check.fault and check.is_certain:
                yield Finding("error", check.fault)
            elif check.fault:
                yield Finding("warning", f"{check.fault}. The start may succeed: it creates observers first")
        elif plugin.group == registry.METRICS:
            ports = _ports_of_options(plugin, settings)
        for port in filter(None, ports):
            if port in places:
                yield Finding("error", f"{places[port]} and {plugin} both use port {port}")
            else:
                places[port] = str(plugin)
                yield from _of_port(str(plugin), settings["host"], port)


def of_component(found: ComponentCheck, settings: Settings) -> Iterator[Finding]:
    """Tell whether the class loads, and which methods it has."""
    name, service_type = settings["model_name"], settings["service_type"]
    if found.fault is not None and found.is_certain:
        yield Finding("error", found.fault)
    elif found.fault is not None:
        yield Finding("warning", f"{found.fault}; seldon-run --check waits until {name} has loaded")
    else:
        methods = ", ".join(found.methods) or "no method"
        yield Finding("note", f"{name} ({service_type}) loads and defines {methods}")
    if found.missing is not None:
        yield Finding("warning", f"SERVICE_TYPE is {service_type}, but the class defines no {found.missing}")


def _ports_of_options(plugin: Plugin, settings: Settings) -> list[int]:
    """Return the ports that a plugin opens: the values of its options whose names end in ``_port``."""
    options = [option for _, option in PluginSet([plugin]).collect("seldon_options")]
    values = [settings[str(option.name)] for option in options if str(option.name).endswith("_port")]
    return [value for value in values if isinstance(value, int)]


def _own_port(address: str, host: str) -> int:
    """Return the port of a transport's address; 0 for any port, or when the address is of another kind."""
    place = _ADDRESS.match(address)
    return int(place["port"]) if place is not None and place["host"].strip("[]") == host else 0


def _of_port(label: str, host: str, port: int) -> Iterator[Finding]:
    try:
        sockets.open_listener(host, port, "the option for its port").close()
    except StartupError as error:
        yield Finding("error", f"{label}: {error}")


def of_state(chosen: PluginSet, selection: Selection, settings: Settings) -> Iterator[Finding]:
    """Find settings that lose the component's state, or make it unsafe."""
    if selection.unkept_state:
        yield Finding(
            "warning",
            "PERSISTENCE=1 asks for state in Redis, but no plugin for it is installed: state is not kept. "
            "Install it with: pip install 'seldon-runtime[redis]'",
        )
    if not chosen.has(registry.PERSISTENCE):
        return
    try:
        require_alone(settings)
    except StartupError as error:
        yield Finding("error", str(error))
    if not settings["persistence_secret_key"]:
        severity = "error" if settings["persistence_require_signature"] else "warning"
        yield Finding(
            severity,
            "PERSISTENCE_SECRET_KEY is not set: state is neither signed nor checked, so anyone who can write "
            "to the store can run code in this process. Set it to a long random text",
        )


def of_processes(settings: Settings) -> Iterator[Finding]:
    """Find risks of several workers and threads, and of how user code may start processes."""
    workers, threads = settings["workers"], settings["threads"]
    if threads > 1:
        lock = "" if versions.has_lock() else ", and this Python runs them in parallel"
        yield Finding(
            "warning",
            f"{threads} threads call the component of each process{lock}: the class, and the libraries it "
            "uses, must be thread-safe. Set --threads 1 if you do not know",
        )
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers > processors:
        yield Finding(
            "note", f"{workers} workers share {processors} processors; each loads its own component"
        )
    if workers > 1:
        yield Finding(
            "note", "with several workers each has its own object: feedback reaches only one of them"
        )
    method = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_context()._name  # type: ignore[attr-defined]
    if method == "fork":
        yield Finding(
            "note",
            "multiprocessing forks here by default. A process that serves has threads, and a fork of it may "
            "hang: user code that starts processes should use multiprocessing.get_context('spawn')",
        )


def of_extras(settings: Settings) -> Iterator[Finding]:
    """Find settings that need a library that is not installed."""
    if settings["reload"] and find_spec("watchfiles") is None:
        yield Finding("error", NEEDS_WATCHFILES)
    text = str(settings["model_metadata"] or "").strip()
    if text and not text.startswith("{") and find_spec("yaml") is None:
        yield Finding("error", "MODEL_METADATA is not JSON. For YAML: pip install 'seldon-runtime[yaml]'")


def of_choice(selection: Selection, found: Effective) -> Iterator[Finding]:
    """Tell which plugins are selected by default."""
    if "prometheus" in selection.names()[registry.METRICS] and found.source_of("metrics") == "default":
        port = found.values.get("metrics_port")
        where = f" and opens port {port}" if port else ""
        yield Finding(
            "note",
            f"the metrics plugin prometheus is selected because it is installed{where}; "
            "METRICS=0 turns it off",
        )


def of_secrets(found: Effective) -> Iterator[Finding]:
    """Find secrets that other users can read."""
    for setting in found.settings:
        if setting.is_secret and setting.source.startswith("command line") and setting.value:
            flag = setting.source.rpartition(" ")[2]
            yield Finding(
                "warning",
                f"the command line contains {flag}, where other users can read it: set its variable",
            )


def of_variables(environ: Mapping[str, str], known: Sequence[str]) -> Iterator[Finding]:
    """Find variables that are not a setting, but nearly one."""
    for name in sorted(set(environ) - set(known)):
        if "_" in name and (close := difflib.get_close_matches(name, known, n=1, cutoff=0.85)):
            yield Finding("warning", f"the variable {name} is not a setting. Did you mean {close[0]}?")


def of_requirements(distributions: Sequence[str]) -> Iterator[Finding]:
    """Find distributions whose requirements are not met."""
    for name in dict.fromkeys(distributions):
        for fault in versions.unmet(name):
            yield Finding("error", f"{name} needs {fault}. Install it with: pip install --upgrade {name}")


def of_damage(damaged: Mapping[str, Any]) -> Iterator[Finding]:
    """Find distributions whose entry points cannot be read."""
    for name, why in damaged.items():
        yield Finding("warning", f"the entry points of {name} cannot be read: {why}; it has no plugins here")
