"""A component behind its service, or behind a started transport, in the process of the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.observer import CallRecord, Interceptor, Observer
from seldon_runtime.options import limits_from, options
from seldon_runtime.plugins import TRANSPORT, PluginSet, find
from seldon_runtime.service import Done, Service
from seldon_runtime.settings import Settings
from seldon_runtime.testing.waiting import WAIT_S
from seldon_runtime.transport import Transport

LOCAL = ("--host", "127.0.0.1", "--service-port", "0")
"""Words of the command line that choose any free port of this machine."""


def settings_of(plugins: PluginSet, words: Sequence[str] = (), transports: tuple[str, ...] = ()) -> Settings:
    """The settings that these words of a command line make; variables of the environment are not read.

    Raises:
        click.UsageError: a word that no option takes.
    """
    params: list[click.Option] = [*options(), *(option for _, option in plugins.collect("seldon_options"))]
    for param in params:
        param.envvar = None
    context = click.Command("seldon-run", params=list(params)).make_context("seldon-run", list(words))
    return Settings({**context.params, "model_name": "Tested"}, transports)


class Served:
    """A user's object behind one transport plugin. Nothing listens before :meth:`start`.

    The plugin is found by its entry point and asked by its hooks, as ``seldon-run`` does.

    Args:
        name: the transport's, as API_TYPE would name it.
        user: an instance of a user's class. Its ``load()`` runs first.
        words: of the command line, such as ``"--queue-size", "2"``.
        service_type: as SERVICE_TYPE.
        observers, interceptors: of the service; what the transport submits is kept in :attr:`calls`,
            and what observers are told in :attr:`records`, anyway.

    Raises:
        StartupError: there is no such plugin, or it raised this.
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
    ) -> None:
        plugin = find(TRANSPORT, name)
        chosen = PluginSet([plugin])
        self.settings = settings_of(chosen, words, (plugin.name,))
        self.calls: list[Call] = []
        self.records: list[CallRecord] = []
        self.executor = Executor(self.settings["threads"], self.settings["queue_size"])
        self.executor.start()
        self._started: list[Transport] = []
        try:
            component = self.executor.run(lambda: _loaded(user, service_type))
            self.service = _WatchedService(
                self.calls,
                component,
                self.executor,
                limits=limits_from(self.settings),
                metadata=component.metadata(),
                error_details=self.settings["error_details"],
            )
            self.service.attach([_Recorder(self.records), *observers], interceptors)
            hook = chosen.collect("seldon_transport", service=self.service, settings=self.settings)
            self.transports: list[Transport] = [transport for _, transport in hook]
            assert self.transports, f"{plugin} gave no transport"
        except BaseException:
            self.executor.stop(WAIT_S)
            raise

    @property
    def transport(self) -> Transport:
        """The plugin's only, or first, transport."""
        return self.transports[0]

    @property
    def address(self) -> str:
        """The transport's, final once started."""
        return self.transport.address

    def start(self, *, ready: bool = True) -> Served:
        """Start the transport, and say that the service is ready."""
        for transport in self.transports:
            transport.start()
            self._started.append(transport)
        self.service.ready = ready
        return self

    def drain(self) -> None:
        """What the runtime does first at the end."""
        self.service.ready = False
        self.service.draining = True
        for transport in self._started:
            transport.stop_accepting()

    def stop_transports(self, grace_s: float) -> None:
        """What the runtime does next. Does nothing the second time."""
        while self._started:
            self._started.pop().stop(grace_s)

    def stop(self, grace_s: float = WAIT_S) -> None:
        """Drain, and stop everything that has not been stopped."""
        if not self.service.draining:
            self.drain()
        self.stop_transports(grace_s)
        assert self.executor.stop(WAIT_S), "the component's thread did not end"


class _WatchedService(Service):
    def __init__(self, calls: list[Call], component: Component, executor: Executor, **options: Any) -> None:
        super().__init__(component, executor, **options)
        self._calls = calls

    def submit(self, call: Call, done: Done) -> None:
        self._calls.append(call)
        super().submit(call, done)


class _Recorder:
    def __init__(self, records: list[CallRecord]) -> None:
        self._records = records

    def call_finished(self, record: CallRecord) -> None:
        self._records.append(record)

    def life_changed(self, state: str) -> None:
        pass


def _loaded(user: object, service_type: ServiceType) -> Component:
    component = Component(user, Identity(unit="unit", image="image:1"), service_type)
    component.load()
    return component


class Services:
    """Makes services and ends their threads: what the fixture ``make_service`` hands out."""

    def __init__(self) -> None:
        self._executors: list[Executor] = []

    def __call__(self, user: object, *, queue_size: int = 1000, **of_the_service: Any) -> Service:
        """A ready service of a user's object (or of a :class:`Component`); ``call()`` it.

        Args:
            user: an instance of a user's class.
            queue_size: calls that may wait.
            of_the_service: ``limits``, ``metadata``, ``error_details``.
        """
        self._executors.append(Executor(queue_size=queue_size))
        self._executors[-1].start()
        component = user if isinstance(user, Component) else Component(user)
        service = Service(component, self._executors[-1], **of_the_service)
        service.ready = True
        return service

    def end(self) -> None:
        """Fails when a component's thread does not end."""
        for executor in self._executors:
            assert executor.stop(WAIT_S), "a component's thread did not end"
