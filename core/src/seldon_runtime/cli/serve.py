"""Serving: one process, or a supervisor with workers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.logs.control_characters import printable
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import Plugin
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.settings.persistence_options import require_alone
from seldon_runtime.settings.secrets import redacted
from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.worker_link import WorkerLink
from seldon_runtime.transport.ports import require_free
from seldon_runtime.transport.sockets import OwnSockets, SharedSockets, TransferableSockets

if TYPE_CHECKING:
    from seldon_runtime.supervision.supervisor import Supervisor


def serve(words: list[str], plugin_set: PluginSet, settings: Settings, link: WorkerLink | None) -> int:
    """Serve until a signal ends it. Blocks.

    Args:
        words: the command line, from which a supervisor starts its workers.
        plugin_set: the selected plugins.
        settings: all settings.
        link: the way to the supervisor, in a worker.

    Returns:
        The exit status.
    """
    if link is not None:
        return Runtime(plugin_set, settings, link, link).serve()
    require_free(plugin_set.collect("seldon_ports", settings=settings))
    shared = SharedSockets()
    has_state = plugin_set.has(registry.PERSISTENCE)

    def supervise() -> Supervisor:
        from seldon_runtime.supervision.supervisor import Supervisor  # a single process needs no supervisor

        return Supervisor(words, settings, shared, overlap=not has_state)

    if has_state:
        require_alone(settings)
    if settings["workers"] > 1 or settings["max_requests"] or settings["reload"]:
        return _supervised(supervise(), settings)
    runtime = Runtime(plugin_set, settings, TransferableSockets(shared), supervise=supervise)
    with closing(shared):
        status = runtime.serve()
        successor = runtime.successor
        if successor is None:
            return status
        del runtime  # and the component with it, as far as nobody else holds it
        return successor.run() or status


def _supervised(supervisor: Supervisor, settings: Settings) -> int:
    if not settings["reload"]:
        return supervisor.run()
    from seldon_runtime.supervision.file_watcher import folders_of, suffixes_of, watched

    name = settings["model_name"]
    with ExitStack() as stack:
        try:
            stack.enter_context(watched(folders_of(name), supervisor.reload, suffixes_of(name)))
        except StartupError:
            supervisor.release()
            raise
        return supervisor.run()


def check(plugin_set: PluginSet, settings: Settings) -> int:
    """Load the component, and print its methods and the addresses that would be served."""
    runtime = Runtime(plugin_set, settings, OwnSockets())
    runtime.startup.units.is_check = True
    return runtime.beside_component(lambda _: _check(runtime, settings))


def _check(runtime: Runtime, settings: Settings) -> int:
    service = runtime.load()
    methods = ", ".join(sorted(method.value for method in service.methods)) or "no method"
    name = printable(redacted(settings["model_name"]))
    click.echo(f"{name} ({settings['service_type']}) loads and defines {methods}")
    if isinstance(service, ComposedService) and (outline := service.outline()):
        click.echo(printable(redacted(outline)))
    for transport in runtime.startup.transports:
        click.echo(printable(redacted(f"{transport.name} would be served at {transport.address}")))
    runtime.startup.close()
    return 0


def require_versions(chosen: Sequence[Plugin]) -> None:
    """Raise StartupError if a distribution of the chosen plugins does not fit the installed versions."""
    from seldon_runtime.diagnostics.versions import unmet

    for plugin in {plugin.distribution: plugin for plugin in chosen}.values():
        if faults := unmet(plugin.distribution):
            remedy = f"Install it with: pip install --upgrade {plugin.distribution}"
            raise StartupError(f"{plugin} needs {'; '.join(faults)}. {remedy}")
