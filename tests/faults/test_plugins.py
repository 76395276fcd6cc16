"""A faulty plugin in a real ``seldon-run``: its documented, named error when selected, else nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.faulty_plugins import LABEL, hook, transport

Start = Callable[..., Any]
Install = Callable[..., Path]
FAULTS: dict[str, tuple[str, str, str]] = {
    # the group, the module, and what the message says behind the plugin's name
    "raises on import": (
        "extension",
        "raise KeyError('on import')",
        "cannot be imported: KeyError: 'on import'. "
        "Reinstall it with: pip install --force-reinstall acme-bad",
    ),
    "exits on import": ("extension", "raise SystemExit(0)", "cannot be imported: SystemExit: 0. Reinstall"),
    "needs what is not there": (
        "transport",
        "import not_installed_anywhere",
        "cannot be imported: ModuleNotFoundError: No module named 'not_installed_anywhere'",
    ),
    "has an unknown hook": (
        "extension",
        hook("seldon_transprt(service)", "return None"),
        "does not fit the hook specifications: unknown hook 'seldon_transprt' in plugin",
    ),
    "has a hook with an unknown argument": (
        "extension",
        hook("seldon_observer(settings, colour)", "return None"),
        "does not fit the hook specifications: Plugin ",
    ),
    "raises in a hook": (
        "extension",
        hook("seldon_options()", "raise ValueError('no')"),
        "failed in seldon_options: ValueError: no",
    ),
    "exits in a hook": (
        "extension",
        hook("seldon_observer()", "sys.exit(0)"),
        "failed in seldon_observer: SystemExit: 0",
    ),
    "gives a text for an option": (
        "extension",
        hook("seldon_options()", "return ['--colour']"),
        "returned str from seldon_options, expected a click.Option",
    ),
    "gives a function for a command": (
        "extension",
        hook("seldon_commands()", "return [print]"),
        "returned builtin_function_or_method from seldon_commands, expected a click.Command",
    ),
    "has an option of the core": (
        "extension",
        hook("seldon_options()", "return [click.Option(['--host'])]"),
        "defines an option --host, as the core does",
    ),
    "has a command of the core": (
        "extension",
        hook("seldon_commands()", "return [click.Command('state')]"),
        "defines a command state, as the core does",
    ),
    "gives no transport": (
        "transport",
        hook("seldon_transport()", "return 'zmq'"),
        "returned str from seldon_transport, expected a Transport: it lacks the method start",
    ),
    "gives its class": (
        "transport",
        transport(given="Silent"),
        "returned the class Silent from seldon_transport, expected a Transport: an object, not its class",
    ),
    "gives a generator": (
        "transport",
        transport(given="(t for t in [Silent()])"),
        "returned generator from seldon_transport, expected a Transport: it lacks the method start",
    ),
    "gives a transport without stop": (
        "transport",
        transport(given="Silent()") + "\ndel Silent.stop\n",
        "returned Silent from seldon_transport, expected a Transport: it lacks the method stop",
    ),
    "gives a transport without name": (
        "transport",
        transport() + "\nSilent.name = None\n",
        "returned Silent from seldon_transport, expected a Transport: its name must be text, got None",
    ),
    "gives a transport whose start is a coroutine": (
        "transport",
        transport() + "\nasync def start(self): pass\nSilent.start = start\n",
        "returned Silent from seldon_transport, expected a Transport: "
        "its method start must not be a coroutine function",
    ),
    "gives a transport whose stop takes nothing": (
        "transport",
        transport() + "\nSilent.stop = Silent.start\n",
        "returned Silent from seldon_transport, expected a Transport: its method stop must accept grace_s: "
        "too many positional arguments",
    ),
    "is not marked": (
        "transport",
        transport().replace("@hookimpl", ""),
        "does not fit the hook specifications: seldon_transport is not marked with @hookimpl",
    ),
    "gives no observer": (
        "extension",
        hook("seldon_observer()", "return print"),
        "returned builtin_function_or_method from seldon_observer, expected an Observer: "
        "a subclass of seldon_runtime.plugin.Observer",
    ),
    "gives no interceptor": (
        "extension",
        hook("seldon_interceptor()", "return [None, 5]"),
        "returned int from seldon_interceptor, expected an Interceptor: "
        "a subclass of seldon_runtime.plugin.Interceptor",
    ),
    "gives no store": (
        "persistence",
        hook("seldon_state_store()", "return {}"),
        "returned dict from seldon_state_store, expected a StateStore: it lacks the method load",
    ),
}
STARTS = {
    "raises at start": ("raise OSError('no luck')", "OSError: no luck"),
    "exits at start": ("sys.exit(0)", "SystemExit: 0"),
    "has no address once started": ("del Silent.address", "AttributeError: 'Silent' object has no attribute"),
}


def words(kind: str) -> tuple[str, ...]:
    """What selects the plugin ``bad`` of that group."""
    if kind == "transport":
        return ("Echo", "BAD")
    return ("Echo", "REST", f"--{kind}", "bad")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_selected_plugin_with_a_fault_stops_the_start_by_name(
    seldon_run: Start, published: Any, fault: str
) -> None:
    kind, source, message = FAULTS[fault]
    process = seldon_run(*words(kind), source=ECHO, env=published(source, kind), wait=False)
    assert process.wait() == 3
    last = process.log.rstrip().splitlines()[-1]
    assert last.startswith(f"seldon-run: {kind} {LABEL} {message}"), last
    assert " ready: " not in process.log


def test_plugins_with_faults_that_are_not_selected_harm_nothing(seldon_run: Start, install: Install) -> None:
    """All installed together."""
    faulty = [(kind, source) for kind, source, _ in FAULTS.values()]
    faulty += [("transport", transport(start)) for start, _ in STARTS.values()]
    for number, (kind, source) in enumerate(faulty):
        entries = {f"seldon_runtime.{kind}": {f"acme-{number}": f"acme_{number}"}}
        site = install(f"acme-{number}", entries, {f"acme_{number}": source})
    process = seldon_run("Echo", "REST", source=ECHO, env={"PYTHONPATH": str(site)})
    assert process.post("/predict", {"strData": "fine"}).json["strData"] == "fine"
    assert process.stop() == 0
    assert "acme" not in process.log


@pytest.mark.parametrize("fault", STARTS)
def test_a_transport_that_cannot_start_stops_the_start_and_what_had_started(
    seldon_run: Start, published: Any, fault: str
) -> None:
    start, message = STARTS[fault]
    env = published(transport(start), "transport")
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=env, wait=False)
    assert process.wait() == 3
    last = process.log.rstrip().splitlines()[-1]
    assert last.startswith(f"seldon-run: transport silent failed to start: {message}"), last
    assert f"{message.partition(':')[0]}: " in process.log.splitlines()[-2]  # of its traceback


def test_a_chosen_plugin_that_serves_nothing_is_warned_of(seldon_run: Start, published: Any) -> None:
    env = published(transport(given="None"), "transport")
    process = seldon_run("Echo", "REST,BAD", source=ECHO, env=env)
    assert process.post("/predict", {"strData": "fine"}).json["strData"] == "fine"
    assert "WARNING seldon_runtime.process.startup: API_TYPE names bad" in process.log


def test_a_name_that_two_distributions_have_stops_the_start_only_if_it_is_selected(
    seldon_run: Start, install: Install
) -> None:
    for name in ("acme-one", "acme-two"):
        entries = {"seldon_runtime.transport": {"acme": name.replace("-", "_")}}
        site = install(name, entries, {name.replace("-", "_"): transport()})
    env = {"PYTHONPATH": str(site)}
    process = seldon_run("Echo", "ACME", source=ECHO, env=env, wait=False)
    assert process.wait() == 3
    assert (
        "API_TYPE names the transport plugin 'acme', which 2 distributions provide: "
        "acme-one 1.0, acme-two 1.0. Uninstall all but one."
    ) in process.log
    assert seldon_run("Echo", "REST", env=env).get("/health/ready").status == 200


@pytest.mark.parametrize("text", ["[seldon_runtime.transport]\nacme\n", "[unclosed\na = b\n", "\0\udcff"])
def test_a_distribution_with_damaged_entry_points_harms_nothing(
    seldon_run: Start, install: Install, text: str
) -> None:
    site = install("acme-damaged", {}, {})
    file = next(Path(site).glob("*.dist-info/entry_points.txt"))
    file.write_bytes(os.fsencode(text))
    process = seldon_run("Echo", "REST", source=ECHO, env={"PYTHONPATH": str(site)})
    assert process.post("/predict", {"strData": "fine"}).json["strData"] == "fine"
