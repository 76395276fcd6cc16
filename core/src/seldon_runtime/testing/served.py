"""A component with its service, or with a started transport, in the process of the test."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.calls.unfinished import is_unfinished, run_to_end
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import TRANSPORT, find
from seldon_runtime.process.free_memory import free_bytes
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.done import Done
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.derived import limits_from, memory_from
from seldon_runtime.settings.options import options
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing.waiting import WAIT_S, within
from seldon_runtime.transport.interface import Transport
from seldon_runtime.transport.sockets import OwnSockets, Sockets

LOCAL = ("--host", "127.0.0.1", "--service-port", "0")
"""Command-line words that serve at any free port of this machine."""


def settings_of(plugins: PluginSet, words: Sequence[str] = (), transports: tuple[str, ...] = ()) -> Settings:
    """Return the settings of a command line, without reading environment variables.

    Raises:
        click.UsageError: a word is invalid.
    """
    params: list[click.Option] = [*options(), *(option for _, option in plugins.collect("seldon_options"))]
    for param in params:
        param.envvar = None
    context = click.Command("seldon-run", params=list(params)).make_context("seldon-run", list(words))
    return Settings({**context.params, "model_name": "Tested"}, transports)


class Served:
    """A user's object behind a transport plugin. :meth:`start` makes the transport listen.

    The constructor finds the plugin by its entry point and calls its hooks, as ``seldon-run`` does.
    :attr:`calls` records the submitted calls, :attr:`records` the finished ones with their outcomes.

    Args:
        name: the transport's name, as in API_TYPE.
        user: an instance of a user's class. Its ``load()`` runs first.
        words: words of the command line, such as ``"--queue-size", "2"``.
        service_type: the value of SERVICE_TYPE.
        observers: the observers of the service.
        interceptors: the interceptors of the service.
        extensions: modules or objects with hooks, as further selected plugins, such as routes.
        sockets: binds the listening sockets; by default for this process alone.

    Raises:
        StartupError: the plugin is not installed, or raised this error.
    """

    def __init__(
        self,
        name: str,
        user: object,
        words: Sequence[str] = LOCAL,
        *,
        service_type: ServiceType = ServiceType.MODEL,
        observers: Sequence[Observer] = (),
        interceptors: Sequence[Interceptor] = (),
        extensions: Sequence[object] = (),
        sockets: Sockets | None = None,
    ) -> None:
        plugin = find(TRANSPORT, name)
        chosen = PluginSet([plugin], extensions)
        self.settings = settings_of(chosen, words, (plugin.name,))
        self.calls: list[Call] = []
        self.records: list[tuple[Call, Outcome]] = []
        settings = self.settings
        self.executor = Executor(
            settings["threads"], settings["queue_size"], concurrency=settings["concurrency"]
        )
        self.executor.start()
        self._started: list[Transport] = []
        try:
            adapter = self.executor.run(lambda: _loaded(user, service_type, self.settings))
            self.service = _WatchedService(
                self.calls,
                Unit(adapter, self.executor, adapter.identity, service_type, user),
                limits=limits_from(self.settings),
                metadata=adapter.metadata(),
                error_details=self.settings["error_details"],
            )
            self.service.limits, self.service.memory = memory_from(
                self.settings, self.service.limits, free_bytes()
            )
            self.service.attach([_Recorder(self.records), *observers], interceptors)
            collected = chosen.collect(
                "seldon_transport",
                service=self.service,
                settings=self.settings,
                sockets=sockets or OwnSockets(),
            )
            self.transports: list[Transport] = [transport for _, transport in collected]
            assert self.transports, f"{plugin} returned no transport"
        except BaseException:
            self.executor.stop(WAIT_S)
            raise

    @property
    def transport(self) -> Transport:
        """The plugin's first transport."""
        return self.transports[0]

    @property
    def address(self) -> str:
        """The transport's address, final after :meth:`start`."""
        return self.transport.address

    def start(self, *, ready: bool = True) -> Served:
        """Start the transport, and set the service ready."""
        for transport in self.transports:
            within(transport.start, f"start() of {transport.name}")
            self._started.append(transport)
        self.service.ready = ready
        return self

    def drain(self) -> None:
        """Drain, as the runtime does at first when it ends."""
        self.service.ready = False
        self.service.draining = True
        for transport in self._started:
            within(transport.stop_accepting, f"stop_accepting() of {transport.name}")

    def stop_transports(self, grace_s: float) -> None:
        """Stop the transports, as the runtime does after draining. Idempotent."""
        while self._started:
            transport = self._started.pop()
            within(partial(transport.stop, grace_s), f"stop() of {transport.name}", grace_s + WAIT_S)

    def stop(self, grace_s: float = WAIT_S) -> None:
        """Drain, and stop everything that still runs."""
        if not self.service.draining:
            self.drain()
        self.stop_transports(grace_s)
        self.service.timers.close()
        assert self.executor.stop(WAIT_S), "the component's thread did not end"


class _WatchedService(ComponentService):
    def __init__(self, calls: list[Call], unit: Unit, **options: Any) -> None:
        super().__init__(unit, **options)
        self._calls = calls

    def submit(self, call: Call, done: Done) -> None:
        self._calls.append(call)
        super().submit(call, done)


class _Recorder(Observer):
    def __init__(self, records: list[tuple[Call, Outcome]]) -> None:
        self._records = records

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self._records.append((call, outcome))


def _loaded(user: object, service_type: ServiceType, settings: Settings) -> ComponentAdapter:
    identity = Identity(unit="unit", image="image:1")
    component = ComponentAdapter(
        user, identity, service_type, reading=ArrayReading.of(settings), hints=Hints.of(settings)
    )
    component.load()
    return component


def run_call(predictor: Predictor, call: Call) -> Any:
    """Return the wire answer of a call, which runs on this thread, without a service. Awaits async methods.

    Raises:
        SeldonError: the call's error.
    """
    answer = Pipeline(predictor, lambda call: {}, (), lambda call, stream: stream).run(call)
    return run_to_end(answer) if is_unfinished(answer) else answer


class Services:
    """The maker of services behind the fixture ``make_service``."""

    def __init__(self) -> None:
        self._executors: list[Executor] = []
        self._services: list[ComponentService] = []

    def __call__(
        self,
        user: object,
        *,
        queue_size: int = 1000,
        identity: Identity | None = None,
        service_type: ServiceType = ServiceType.MODEL,
        show_metrics: bool = True,
        **of_the_service: Any,
    ) -> ComponentService:
        """Return a ready service of a user's object, or of a predictor; ``call()`` it.

        Args:
            user: an instance of a user's class, or a predictor.
            queue_size: the number of calls that may wait.
            identity: the deployment's names for the component.
            service_type: the kind of the component in its graph.
            show_metrics: True to show the component's own metrics in answers.
            **of_the_service: ``limits``, ``metadata``, ``error_details``.
        """
        executor = Executor(queue_size=queue_size)
        executor.start()
        self._executors.append(executor)
        identity = identity or Identity()
        predictor: object = user
        instance: object | None = None
        if not isinstance(user, Predictor):
            predictor, instance = (
                ComponentAdapter(user, identity, service_type, show_metrics=show_metrics),
                user,
            )
        assert isinstance(predictor, Predictor)
        unit = Unit(predictor, executor, identity, service_type, instance)
        service = ComponentService(unit, **of_the_service)
        service.ready = True
        self._services.append(service)
        return service

    def end(self) -> None:
        """End all threads; fail when a component's thread does not end."""
        for service in self._services:
            service.timers.close()
        for executor in self._executors:
            assert executor.stop(WAIT_S), "a component's thread did not end"
