"""The life of one process: load or restore, bind, ready, drain, save, stop."""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from seldon_runtime import listening
from seldon_runtime.component import Component
from seldon_runtime.errors import ComponentFailed, SeldonError, StartupError
from seldon_runtime.executor import Executor
from seldon_runtime.identity import ServiceType
from seldon_runtime.options import identity_from, limits_from
from seldon_runtime.parameters import parse_parameters
from seldon_runtime.plugins import PERSISTENCE, PluginSet
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.signals import Alarm, handled
from seldon_runtime.state import StateStore, state_key
from seldon_runtime.state_options import policy_from
from seldon_runtime.transports import Transports
from seldon_runtime.watch import Watch
from seldon_runtime.worker import Link, Order

if TYPE_CHECKING:
    from seldon_runtime.state_keeper import StateKeeper
    from seldon_runtime.supervisor import Supervisor

logger = logging.getLogger(__name__)


_LAST_SAVE_S = 5.0
"""What the last save may take when draining has used up the grace period."""


class Terminated(BaseException):
    """A signal asked the process to end while it was starting."""


class End(Enum):
    """Why a process stops serving."""

    TERMINATED = auto()
    RETIRED = auto()
    """Other processes serve on."""
    HUNG = auto()


class Runtime:
    """One component, its service and its transports.

    Args:
        plugins: the selected plugins.
        settings: all settings, ``model_name`` included.
        link: to the supervisor, in a worker.
        supervise: makes a supervisor, should one have to take over.
    """

    def __init__(
        self,
        plugins: PluginSet,
        settings: Settings,
        link: Link | None = None,
        supervise: Callable[[], Supervisor] | None = None,
    ) -> None:
        self._plugins = plugins
        self._settings = settings
        self._link = link
        self._supervise = supervise
        self.successor: Supervisor | None = None
        """Who goes on serving when :meth:`serve` returns."""
        self._executor = Executor(settings["threads"], settings["queue_size"])
        self._state: StateKeeper | None = None
        self._serving = False
        self._end: End | None = None
        self._reload_wanted = False
        self.transports = Transports([])

    def load(self) -> Service:
        """Import, construct or restore, and load the user's class on the component's thread; ask the plugins
        for observers, interceptors and transports. Nothing is reachable from outside yet.

        Raises:
            StartupError: the cause is chained; it is the user's exception when user code raised.
        """
        began = time.perf_counter()
        parameters = parse_parameters(self._settings["parameters"])
        self._state = self._state_keeper(parameters)
        self._executor.start()
        component, metadata = self._executor.run(lambda: self._load_component(parameters))
        settings = self._settings
        service = Service(
            component,
            self._executor,
            limits=limits_from(settings),
            metadata=metadata,
            error_details=settings["error_details"],
        )
        service.attach(
            [o for _, o in self._plugins.collect("seldon_observer", settings=settings)],
            [i for _, i in self._plugins.collect("seldon_interceptor", service=service, settings=settings)],
        )
        self.transports = Transports(
            self._plugins.collect("seldon_transport", service=service, settings=settings)
        )
        for name in set(settings.transports) - self.transports.names:
            logger.warning("API_TYPE names %s, but its plugin gave no transport of that name", name)
        logger.info("loaded %s in %.3f s", self._settings["model_name"], time.perf_counter() - began)
        if missing := component.missing_method:
            chosen = settings["service_type"]
            fits = "".join(f"; it fits SERVICE_TYPE={fit.value}" for fit in component.fitting_types)
            logger.warning("SERVICE_TYPE is %s, but the class defines no %s%s", chosen, missing, fits)
        service.change_life("loaded")
        return service

    def serve(self) -> int:
        """Load, serve until a signal or the supervisor ends it, drain. Blocks; for the main thread.

        Returns:
            The exit status: 0, or 1 when accepted calls had not finished within the grace period, or the
            last state could not be saved.

        Raises:
            StartupError: nothing was served; what had been started is stopped again.
        """
        handlers = {signal.SIGTERM: self._on_term, signal.SIGINT: self._on_int, signal.SIGUSR1: self._on_usr1}
        if self._link is not None:
            handlers |= {signal.SIGINT: _ignore, signal.SIGHUP: _ignore}  # a terminal's are the supervisor's
        elif self._supervise is not None:
            handlers[signal.SIGHUP] = self._on_hup
        with handled(handlers) as alarm:
            return self._serve(alarm)

    def _serve(self, alarm: Alarm) -> int:
        try:
            service = self.load()
            self.transports.start()
            self._serving = True
        except Terminated:
            self.transports.stop(time.monotonic())
            logger.info("stopped while starting")
            return 0
        if self._state is not None:
            self._state.start(service)
        service.ready = True
        service.change_life("ready")
        addresses = [(transport.name, transport.address) for transport in self.transports]
        if self._link is None:
            logger.info("ready: %s", ", ".join(f"{name} at {address}" for name, address in addresses))
        else:
            self._link.ready(addresses)
        watch = self._watch(service, alarm)
        watch.start()
        self._until_the_end(service, alarm)
        if self._end is End.TERMINATED:
            self._delay(service, alarm)
        watch.stop()
        return self._drain(service)

    def _until_the_end(self, service: Service, alarm: Alarm) -> None:
        links = [] if self._link is None else [self._link]
        while self._end is None:
            for link in alarm.wait(links):
                for order in link.orders():
                    self._obey(order, service)
            if self._reload_wanted and self._end is None:
                self._reload_wanted = False
                self._hand_over(service)

    def _obey(self, order: Order, service: Service) -> None:
        if order is Order.UNREADY:
            service.ready = False
        else:
            self._end = End.RETIRED
            service.retiring = order is Order.RETIRE

    def _hand_over(self, service: Service) -> None:
        """Let a supervised worker take over; with state, when the last save is done."""
        assert self._supervise is not None
        logger.info("reloading: a supervised worker takes over")
        supervisor = self._supervise()
        supervisor.attend()
        if self._state is None and not supervisor.start():
            if supervisor.terminated:
                self._end = self._end or End.TERMINATED
            else:
                logger.error("the class cannot be loaded anew; the old one serves on")
            return
        listening.source.outlived = service.retiring = True
        self.successor = supervisor
        self._end = End.RETIRED

    def _delay(self, service: Service, alarm: Alarm) -> None:
        """Not ready, but serving: load balancers have time to notice."""
        service.ready = False
        delay_s = self._settings["drain_delay_s"]
        if delay_s:
            logger.info("not ready; draining begins in %g s", delay_s)
        end = time.monotonic() + delay_s
        while (remaining := end - time.monotonic()) > 0:
            alarm.wait(timeout_s=remaining)

    def _watch(self, service: Service, alarm: Alarm) -> Watch:
        def hung() -> None:
            self._end = End.HUNG
            if self._link is not None:
                self._link.hung()
            service.give_up("the component hangs; the process is being replaced")
            alarm.ring()

        def spent() -> None:
            logger.info("the process has answered its share of calls")
            if self._link is not None:
                self._link.spent()

        return Watch(
            self._executor,
            hang_timeout_s=self._settings["hang_timeout_s"],
            max_calls=_with_jitter(self._settings) if self._link is not None else 0,
            on_hang=hung,
            on_spent=spent,
        )

    def _state_keeper(self, parameters: dict[str, object]) -> StateKeeper | None:
        if not self._plugins.has(PERSISTENCE):
            return None
        from seldon_runtime.state_keeper import StateKeeper  # most components keep none

        policy = policy_from(self._settings, parameters)
        store: StateStore | None = self._plugins.first("seldon_state_store", settings=self._settings)
        if store is None:
            return None
        keeper = StateKeeper(store, state_key(identity_from(self._settings)), policy)
        self._plugins.add_builtin(keeper)
        return keeper

    def _load_component(
        self, parameters: dict[str, object]
    ) -> tuple[Component, dict[str, object] | SeldonError]:
        settings = self._settings
        name = settings["model_name"]
        user = self._plugins.first(
            "seldon_load_component", reference=name, parameters=parameters, settings=settings
        )
        identity = identity_from(settings)
        service_type = ServiceType(settings["service_type"])
        try:
            component = Component(
                user,
                identity,
                service_type,
                show_metrics=settings["include_metrics"],
                wires=settings.transports,
            )
            component.load()
        except SeldonError as error:
            raise _failed(name, error) from (error.__cause__ or error)
        if self._state is not None:
            self._state.check(user)
        try:
            return component, component.metadata(settings["model_metadata"])
        except ComponentFailed as error:
            raise _failed(name, error) from error.__cause__
        except SeldonError as error:
            logger.error("the metadata cannot be served: %s", error.message)
            return component, error

    def _drain(self, service: Service) -> int:
        """Not ready, no new work, answer what was accepted, save, then stop everything."""
        service.ready = service.ready and service.retiring
        service.draining = True
        logger.info("draining: accepted calls have %.0f s to finish", self._settings["grace_s"])
        service.change_life("draining")
        deadline = time.monotonic() + self._settings["grace_s"]
        hangs = self._end is End.HUNG
        # no snapshot can be had of what hangs, and another process has the key
        kept = self._save_last(0.0) if hangs else True
        self.transports.stop(deadline)
        if not hangs:  # the snapshot stands in line behind the last call
            kept = self._save_last(max(deadline - time.monotonic(), _LAST_SAVE_S))
        finished = self._executor.stop(max(0.1, deadline - time.monotonic()))
        service.change_life("stopped")
        if not finished:
            logger.error("calls were still running after the grace period; their answers are lost")
            if self.successor is None:
                logging.shutdown()
                os._exit(1)  # the component's thread may hold the interpreter's shutdown for ever
        logger.info("stopped")
        return 0 if kept else 1

    def _save_last(self, within_s: float) -> bool:
        return self._state is None or self._state.finish(time.monotonic() + within_s)

    def _on_usr1(self) -> None:
        if self._state is not None:
            self._state.request()

    def _on_hup(self) -> None:
        self._reload_wanted = self._serving

    def _on_term(self) -> None:
        self._on_end(signal.SIGTERM)

    def _on_int(self) -> None:
        self._on_end(signal.SIGINT)

    def _on_end(self, number: int) -> None:
        if not self._serving:
            raise Terminated
        if self._end is End.TERMINATED:
            os._exit(128 + number)  # asked twice
        self._end = End.TERMINATED


def _ignore() -> None:
    pass


def _with_jitter(settings: Settings) -> int:
    """So that workers that started together do not end together."""
    most: int = settings["max_requests"]
    return most + random.randint(0, settings["max_requests_jitter"]) if most else 0


def _failed(name: str, error: SeldonError) -> StartupError:
    if isinstance(error, ComponentFailed):
        return StartupError(f"{name}: {error.where} raised {type(error.__cause__).__name__}: {error.message}")
    return StartupError(f"{name}: load raised {type(error).__name__}: {error.message}")
