"""Serving from a script or a notebook: a component of the program, without signals and workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import click

from seldon_runtime.builtin import defaults
from seldon_runtime.component.inspection.served import served
from seldon_runtime.component.loading import create_served
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.plugins.contributions import params_of
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.selection import Selection
from seldon_runtime.process.startup import Startup
from seldon_runtime.service.observer import Lifecycle
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import OwnSockets

_LAST_SAVE_S = 5.0


class Serving:
    """A component that is served by this program until :meth:`stop`, or until the end of a ``with`` block.

    Args:
        startup: the started parts.
        grace_s: seconds that accepted calls have to finish.
    """

    def __init__(self, startup: Startup, service: Any, grace_s: float) -> None:
        self._startup = startup
        self._service = service
        self._grace_s = grace_s
        self._ended = threading.Event()
        self.addresses = {transport.name: transport.address for transport in startup.transports}
        """The address of each transport by its name, such as ``{"rest": "http://127.0.0.1:5000"}``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self) -> None:
        """Block until another thread calls :meth:`stop`, or until Ctrl-C, which stops serving."""
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            self.stop()

    def stop(self) -> None:
        """Stop serving once the accepted calls have finished. Blocks up to the grace period. Idempotent."""
        if self._ended.is_set():
            return
        service, startup = self._service, self._startup
        service.ready = False
        service.draining = True
        startup.notices.send(Lifecycle.DRAINING)
        deadline = time.monotonic() + self._grace_s
        startup.transports.stop(deadline)
        startup.units.finish_states(max(deadline, time.monotonic() + _LAST_SAVE_S))
        startup.units.stop(deadline)
        service.timers.close()
        startup.notices.send(Lifecycle.STOPPED)
        startup.close()
        self._ended.set()


class _Given:
    """The plugin that loads a component of the program: an object, or a class to make it of."""

    def __init__(self, component: object) -> None:
        self._component = component

    @hookimpl(tryfirst=True)
    def seldon_load_component(self, parameters: dict[str, Any]) -> object:
        """Return the object itself, or construct the class."""
        return create_served(self._component, parameters)


def serve(
    component: object,
    *,
    api_type: str = "REST",
    port: int = 5000,
    host: str = "127.0.0.1",
    service_type: str = ServiceType.MODEL.value,
    options: Sequence[str] = (),
) -> Serving:
    """Serve a component from this program, and return at once when it is ready.

    Its constructor, if it is a class, ``load()`` and all calls run on a thread of their own. Environment
    variables have no effect.

    Args:
        component: a class, a function or an object with methods; or a text that names one as MODEL_NAME
            does, such as the file of a graph. A bound method, a ``functools.partial``, and an object that
            has only ``__call__`` count as functions.
        api_type: the transports, such as ``REST,GRPC``.
        port: the port of the first transport, of which each further one takes the next; 0 for any free ports.
        host: the address to listen on; ``0.0.0.0`` for all.
        service_type: the value of SERVICE_TYPE.
        options: further words of the command line, such as ``("--queue-size", "10")``.

    Raises:
        TypeError: ``options`` is one text.
        StartupError: the component has none of these forms, loading failed, a port is in use, or a transport
            is not installed.
        click.UsageError: an option is invalid.
    """
    if isinstance(options, str):
        raise TypeError(f"options is the text {options!r:.80}, expected separate words: {options.split()}")
    reference = component if isinstance(component, str) else None
    given = None if reference is not None else served(component)
    selection = Selection.of({"api_type": api_type, "metrics": "0", "model_name": reference})
    own = [defaults] if reference is not None else [_Given(given), defaults]
    plugins = PluginSet(selection.plugins(), own)
    words = ["--metrics", "0", "--host", host, "--service-port", str(port), "--service-type", service_type]
    settings = _settings(plugins, [*words, *options], given, selection)
    startup = Startup(plugins, settings, OwnSockets())
    try:
        service = startup.load(lambda: None)
        startup.transports.start()
    except BaseException:
        startup.transports.stop(time.monotonic())
        startup.units.stop(time.monotonic())
        startup.close()
        raise
    for unit, state in startup.units.states:
        state.start(unit.user, unit.executor, service.state_saved)
    service.ready = service.failure is None
    startup.notices.send(Lifecycle.READY)
    return Serving(startup, service, settings["grace_s"])


def _settings(plugins: PluginSet, words: Sequence[str], component: object, selection: Selection) -> Settings:
    params = [param for _, param in params_of(plugins)]
    for param in params:
        param.envvar = None
    context = click.Command("serve", params=params).make_context("serve", list(words))
    named = component if isinstance(component, type) else type(component)
    name = selection.model_name or named.__name__
    return Settings({**context.params, "model_name": name}, selection.transports)
