"""What may go wrong with settings that are each right: ports, state, processes and threads, secrets."""

from __future__ import annotations

import difflib
import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from seldon_runtime import listening, plugins, versions
from seldon_runtime.component import Component
from seldon_runtime.effective import Effective
from seldon_runtime.errors import StartupError
from seldon_runtime.executor import Executor
from seldon_runtime.limits import Limits
from seldon_runtime.options import Selection
from seldon_runtime.plugins import PluginSet
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.state_options import require_alone

_ADDRESS = re.compile(r"(?:[\w+.-]+://)?(?P<host>\[[^\]]*\]|[^/:]*):(?P<port>\d+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Finding:
    """``error``: the start fails. ``warning``: something is likely to go wrong. ``note``: good to know."""

    severity: str
    text: str


class _Nobody:
    """Stands in for the user's object: it is not loaded."""


def of_transports(chosen: PluginSet, settings: Settings) -> Iterator[Finding]:
    """Whether what serves can be made, and the transports' ports had."""
    service = Service(Component(_Nobody()), Executor(), limits=Limits())
    places: dict[int, str] = {}
    try:
        # in the order of the start: a transport may be made of what an earlier hook has made
        list(chosen.collect("seldon_observer", settings=settings))
        list(chosen.collect("seldon_interceptor", service=service, settings=settings))
        for label, transport in chosen.collect("seldon_transport", service=service, settings=settings):
            port = _own_port(str(transport.address), settings["host"])
            if port in places:
                yield Finding("error", f"{places[port]} and {label} are both to listen on port {port}")
            elif port:
                places[port] = label
                yield from _of_port(label, settings["host"], port)
    except StartupError as error:
        yield Finding("error", str(error))
    except Exception as error:  # noqa: BLE001 - an address is a plugin's property
        yield Finding("error", f"a transport cannot tell its address: {type(error).__name__}: {error}")


def _own_port(address: str, host: str) -> int:
    """The port that a transport is to listen on; 0 for any, or when its address is of another kind."""
    place = _ADDRESS.match(address)
    return int(place["port"]) if place is not None and place["host"].strip("[]") == host else 0


def _of_port(label: str, host: str, port: int) -> Iterator[Finding]:
    try:
        listening.listening(host, port, "the option for its port").close()
    except StartupError as error:
        yield Finding("error", f"{label}: {error}")


def of_state(chosen: PluginSet, selection: Selection, settings: Settings) -> Iterator[Finding]:
    """Whether state can be kept, and is safe."""
    if selection.unkept_state:
        yield Finding(
            "warning",
            "PERSISTENCE=1 asks for state in Redis, but no plugin for it is installed: state is not kept. "
            "Install it with: pip install 'seldon-runtime[redis]'",
        )
    if not chosen.has(plugins.PERSISTENCE):
        return
    try:
        require_alone(settings)
    except StartupError as error:
        yield Finding("error", str(error))
    if not settings["persistence_secret_key"]:
        severity = "error" if settings["persistence_require_signature"] else "warning"
        yield Finding(
            severity,
            "PERSISTENCE_SECRET_KEY is not set: state is neither signed nor checked, and whoever can write "
            "to the store can run code in this process. Set it to a long random text",
        )


def of_processes(settings: Settings) -> Iterator[Finding]:
    """Workers, threads, and how user code may start processes."""
    workers, threads = settings["workers"], settings["threads"]
    if threads > 1:
        lock = "" if versions.has_lock() else ", and nothing keeps them from running at the same moment"
        yield Finding(
            "warning",
            f"{threads} threads call the component of each process{lock}: the class, and the libraries it "
            "uses, must be thread-safe. Set --threads 1 if you do not know",
        )
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers > processors:
        yield Finding(
            "note", f"{workers} workers share {processors} processors; each loads the component for itself"
        )
    if workers > 1:
        yield Finding(
            "note", "with several workers each has an object of its own: feedback reaches one of them only"
        )
    method = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_context()._name  # type: ignore[attr-defined]
    if method == "fork":
        yield Finding(
            "note",
            "multiprocessing forks here by default. A process that serves has threads, and a fork of it may "
            "hang: user code that starts processes should use multiprocessing.get_context('spawn')",
        )


def of_extras(settings: Settings) -> Iterator[Finding]:
    """Libraries that only some settings need."""
    if settings["reload"] and find_spec("watchfiles") is None:
        yield Finding(
            "error", "--reload needs watchfiles. Install it with: pip install 'seldon-runtime[reload]'"
        )
    text = str(settings["model_metadata"] or "").strip()
    if text and not text.startswith("{") and find_spec("yaml") is None:
        yield Finding("error", "MODEL_METADATA is no JSON. For YAML: pip install 'seldon-runtime[yaml]'")


def of_choice(selection: Selection, found: Effective) -> Iterator[Finding]:
    """What is chosen without having been asked for."""
    if "prometheus" in selection.names()[plugins.METRICS] and found.source_of("metrics") == "default":
        port = found.values.get("metrics_port")
        where = f" and opens port {port}" if port else ""
        yield Finding(
            "note", f"the metrics plugin prometheus is chosen because it is installed{where}; METRICS=0: none"
        )


def of_secrets(found: Effective) -> Iterator[Finding]:
    """Secrets that others can see."""
    for setting in found.settings:
        if setting.is_secret and setting.source.startswith("command line") and setting.value:
            flag = setting.source.rpartition(" ")[2]
            yield Finding(
                "warning", f"{flag} is given on the command line, where others can see it: set its variable"
            )


def of_variables(environ: Mapping[str, str], known: Sequence[str]) -> Iterator[Finding]:
    """Variables that are no setting, but nearly one."""
    for name in sorted(set(environ) - set(known)):
        if "_" in name and (close := difflib.get_close_matches(name, known, n=1, cutoff=0.85)):
            yield Finding("warning", f"the variable {name} is no setting. Did you mean {close[0]}?")


def of_requirements(distributions: Sequence[str]) -> Iterator[Finding]:
    """Distributions that need what is not there."""
    for name in dict.fromkeys(distributions):
        for fault in versions.unmet(name):
            yield Finding("error", f"{name} needs {fault}. Install it with: pip install --upgrade {name}")


def of_damage(damaged: Mapping[str, Any]) -> Iterator[Finding]:
    """Distributions whose entry points cannot be read."""
    for name, why in damaged.items():
        yield Finding("warning", f"the entry points of {name} cannot be read: {why}; it has no plugins here")
