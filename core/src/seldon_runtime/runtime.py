"""The life of one process: load or restore, bind, ready, drain, save, stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from seldon_runtime.component import Component
from seldon_runtime.errors import ComponentFailed, SeldonError, StartupError
from seldon_runtime.executor import Executor
from seldon_runtime.identity import ServiceType
from seldon_runtime.options import identity_from, limits_from
from seldon_runtime.parameters import parse_parameters
from seldon_runtime.plugins import PERSISTENCE, PluginSet
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateStore, state_key
from seldon_runtime.state_keeper import StateKeeper
from seldon_runtime.state_options import policy_from
from seldon_runtime.transport import Transport

logger = logging.getLogger(__name__)


_LAST_SAVE_S = 5.0
"""What the last save may take when draining has used up the grace period."""


class Terminated(BaseException):
    """A signal asked the process to end while it was starting."""


class Runtime:
    """One component, its service and its transports.

    Args:
        plugins: the selected plugins.
        settings: all settings, ``model_name`` included.
    """

    def __init__(self, plugins: PluginSet, settings: Settings) -> None:
        self._plugins = plugins
        self._settings = settings
        self._executor = Executor(queue_size=settings["queue_size"])
        self._state: StateKeeper | None = None
        self._started: list[Transport] = []
        self._serving = False
        self._ending = False
        self.transports: list[Transport] = []

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
        self.transports = [
            t for _, t in self._plugins.collect("seldon_transport", service=service, settings=settings)
        ]
        logger.info("loaded %s in %.3f s", self._settings["model_name"], time.perf_counter() - began)
        if missing := component.missing_method:
            logger.warning(
                "SERVICE_TYPE is %s, but the class defines no %s", settings["service_type"], missing
            )
        service.change_life("loaded")
        return service

    def serve(self) -> int:
        """Load, serve until SIGTERM or SIGINT, drain. Blocks; for the main thread.

        Returns:
            The exit status: 0, or 1 when accepted calls had not finished within the grace period, or the
            last state could not be saved.

        Raises:
            StartupError: nothing was served; what had been started is stopped again.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGUSR1, self._on_save_signal)
        with _signal_alarm() as alarm:
            return self._serve(alarm)

    def _serve(self, alarm: socket.socket) -> int:
        try:
            service = self.load()
            self._start_transports()
        except Terminated:
            logger.info("stopped while starting")
            return 0
        if self._state is not None:
            self._state.start(service)
        service.ready = True
        service.change_life("ready")
        logger.info("ready: %s", ", ".join(f"{t.name} at {t.address}" for t in self._started))
        while not self._ending:
            alarm.recv(1)
        return self._drain(service)

    def _state_keeper(self, parameters: dict[str, object]) -> StateKeeper | None:
        if not self._plugins.has(PERSISTENCE):
            return None
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
            component = Component(user, identity, service_type, show_metrics=settings["include_metrics"])
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

    def _start_transports(self) -> None:
        try:
            for transport in self.transports:
                self._start(transport)
                self._started.append(transport)
            self._serving = True
        except BaseException:
            for transport in self._started:
                _survive(transport.name, transport.stop_accepting)
                _survive(transport.name, partial(transport.stop, 0))
            raise

    def _start(self, transport: Transport) -> None:
        try:
            transport.start()
        except StartupError:
            raise
        except Exception as error:
            raise StartupError(
                f"transport {transport.name} failed to start: {type(error).__name__}: {error}"
            ) from error

    def _drain(self, service: Service) -> int:
        """Not ready, no new work, answer what was accepted, save, then stop everything."""
        service.ready = False
        service.draining = True
        logger.info("draining: accepted calls have %.0f s to finish", self._settings["grace_s"])
        service.change_life("draining")
        deadline = time.monotonic() + self._settings["grace_s"]
        for transport in self._started:
            _survive(transport.name, transport.stop_accepting)
        for transport in self._started:
            _survive(transport.name, partial(transport.stop, max(0.0, deadline - time.monotonic())))
        kept = True
        if self._state is not None:  # its snapshot stands in line behind the last call
            kept = self._state.finish(max(deadline, time.monotonic() + _LAST_SAVE_S))
        finished = self._executor.stop(max(0.1, deadline - time.monotonic()))
        service.change_life("stopped")
        if not finished:
            logger.error("calls were still running after the grace period; their answers are lost")
            logging.shutdown()
            os._exit(1)  # the component's thread may hold the interpreter's shutdown for ever
        logger.info("stopped")
        return 0 if kept else 1

    def _on_save_signal(self, number: int, frame: FrameType | None) -> None:
        if self._state is not None:
            self._state.request()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._serving:
            raise Terminated
        if self._ending:
            os._exit(128 + number)  # asked twice
        self._ending = True


@contextmanager
def _signal_alarm() -> Iterator[socket.socket]:
    """A socket that a signal writes to. The system may hand a signal to any thread that is just being made,
    and Python runs handlers on the main thread only: that one has to be woken from its wait."""
    alarm, end = socket.socketpair()
    end.setblocking(False)
    before = signal.set_wakeup_fd(end.fileno(), warn_on_full_buffer=False)
    try:
        yield alarm
    finally:
        signal.set_wakeup_fd(before)
        alarm.close()
        end.close()


def _failed(name: str, error: SeldonError) -> StartupError:
    if isinstance(error, ComponentFailed):
        return StartupError(f"{name}: {error.where} raised {type(error.__cause__).__name__}: {error.message}")
    return StartupError(f"{name}: load raised {type(error).__name__}: {error.message}")


def _survive(name: str, stop: Callable[[], None]) -> None:
    """Stop a transport; a fault of one must not keep the others, and accepted calls, from their end."""
    try:
        stop()
    except Exception:
        logger.exception("transport %s failed to stop", name)
