"""The life cycle of a process: load or restore, bind, ready, drain, save, stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from seldon_runtime.errors import StartupError
from seldon_runtime.logs import prints
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.process.main_thread import MainThread
from seldon_runtime.process.startup import Startup
from seldon_runtime.service.observer import Lifecycle
from seldon_runtime.service.service import Service
from seldon_runtime.service.watchdog import Watchdog
from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.signals import Alarm, handled
from seldon_runtime.supervision.worker_link import Order, WorkerLink
from seldon_runtime.transport.forks import withhold_address
from seldon_runtime.transport.sockets import Sockets

if TYPE_CHECKING:
    from seldon_runtime.supervision.supervisor import Supervisor

logger = logging.getLogger(__name__)

_LAST_SAVE_S = 5.0
"""Seconds that the last save may take when draining has used up the grace period."""
_SWITCH_INTERVAL_S = 0.0005
"""Seconds of a thread's turn. A transport waits for one at each step beside a component that computes."""


class Terminated(BaseException):
    """A signal to end while the process was starting."""


class End(Enum):
    """The reason why a process stops serving."""

    TERMINATED = auto()
    RETIRED = auto()
    """Other processes keep serving."""
    HUNG = auto()
    FAILED = auto()
    """A transport cannot continue."""


class Runtime:
    """The components of one process, their service and its transports.

    Args:
        plugins: the selected plugins.
        settings: all settings, ``model_name`` included.
        sockets: the listening sockets for transports.
        link: the link to the supervisor, in a worker.
        supervise: creates a supervisor that can take over.
    """

    def __init__(
        self,
        plugins: PluginSet,
        settings: Settings,
        sockets: Sockets,
        link: WorkerLink | None = None,
        supervise: Callable[[], Supervisor] | None = None,
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._link = link
        self._supervise = supervise
        self.successor: Supervisor | None = None
        """The supervisor that keeps serving when :meth:`serve` returns."""
        self._serving = False
        self._end: End | None = None
        self._reload_requested = False
        self._alarm: Alarm | None = None
        self._main = MainThread() if settings["component_thread"] == "main" else None
        self.startup = Startup(plugins, settings, sockets)

    def beside_component(self, function: Callable[[Alarm | None], int], alarm: Alarm | None = None) -> int:
        """Return the result of ``function``, which loads and uses components. Call it on the main thread.

        It runs on this thread, or on another one while this thread belongs to the component.

        Raises:
            StartupError: ``--component-thread main`` with several threads.
        """
        if self._main is None:
            return function(alarm)
        if self._settings["threads"] > 1:
            raise StartupError("--component-thread main gives the component one thread: set --threads 1")
        self._main.alarm = alarm
        units = self.startup.units
        units.place = self._main
        return self._main.run(partial(function, alarm), units.release_threads)

    def load(self) -> Service:
        """Load the components, and call the plugins' hooks. Transports do not listen yet.

        Raises:
            StartupError: loading failed; the chained cause is the user's exception if user code raised.
        """
        return self.startup.load(self._failed)

    def serve(self) -> int:
        """Load, serve until a signal or the supervisor ends it, drain. Blocks; for the main thread.

        Returns:
            The exit status: 0, or 1 when accepted calls did not finish within the grace period, or the
            last state could not be saved.

        Raises:
            StartupError: the start failed; everything that was started is stopped again.
        """
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        handlers = {signal.SIGTERM: self._on_term, signal.SIGINT: self._on_int, signal.SIGUSR1: self._on_usr1}
        if self._link is not None:
            handlers |= {signal.SIGINT: lambda: None, signal.SIGHUP: lambda: None}  # for the supervisor
        elif self._supervise is not None:
            handlers[signal.SIGHUP] = self._on_hup
        with handled(handlers, by_waiting=self._main is not None) as alarm:
            self._alarm = alarm
            return self.beside_component(self._serve_and_close, alarm)

    def _serve_and_close(self, alarm: Alarm | None) -> int:
        assert alarm is not None
        try:
            return self._serve(alarm)
        finally:
            self.startup.close()

    def _serve(self, alarm: Alarm) -> int:
        watchdog: Watchdog | None = None
        try:
            service = self.load()
            watchdog = self._watch(service, alarm)
            self.startup.transports.start()
            self._serving = True
        except Terminated:
            self.startup.transports.stop(time.monotonic())
            logger.info("stopped while starting")
            return 0
        finally:
            if watchdog is not None and not self._serving:
                watchdog.stop()
        for unit, state in self.startup.units.states:
            state.start(unit.user, unit.executor, service.state_saved)
        service.ready = service.failure is None and service.alive  # a call may hang already
        self.startup.notices.send(Lifecycle.READY)
        addresses = [(transport.name, transport.address) for transport in self.startup.transports]
        for _, address in addresses:
            withhold_address(address)
        if self._link is None:
            logger.info("ready: %s", ", ".join(f"{name} at {address}" for name, address in addresses))
        else:
            self._link.ready(addresses)
        self._wait_for_end(service, alarm)
        if self._end is End.TERMINATED:
            self._delay(service, alarm)
        watchdog.stop()
        if self._main is None:
            return self._drain(service)
        with alarm.watched():  # a second signal still ends the process at once
            return self._drain(service)

    def _wait_for_end(self, service: Service, alarm: Alarm) -> None:
        links = [] if self._link is None else [self._link]
        while self._end is None:
            for link in alarm.wait(links):
                for order in link.orders():
                    self._execute(order, service)
            if self._reload_requested and self._end is None:
                self._reload_requested = False
                self._hand_over(service)

    def _execute(self, order: Order, service: Service) -> None:
        if order is Order.UNREADY:
            service.ready = False
        else:
            self._end = End.RETIRED
            service.retiring = order is Order.RETIRE

    def _hand_over(self, service: Service) -> None:
        """Let a supervised worker take over; with state, only after the last save."""
        assert self._supervise is not None
        if self._main is not None:
            logger.warning("SIGHUP is ignored: with --component-thread main only workers can be reloaded")
            return
        logger.info("reloading: a supervised worker takes over")
        supervisor = self._supervise()
        supervisor.handle_signals()
        if not self.startup.units.states and not supervisor.start():
            if supervisor.terminated:
                self._end = self._end or End.TERMINATED
            else:
                logger.error("the new class failed to load; the old one serves on")
            return
        self._sockets.outlived = service.retiring = True
        self.successor = supervisor
        self._end = End.RETIRED

    def _delay(self, service: Service, alarm: Alarm) -> None:
        """Serve on while not ready, so that load balancers have time to notice."""
        service.ready = False
        delay_s = self._settings["drain_delay_s"]
        if delay_s:
            logger.info("not ready; draining begins in %g s", delay_s)
        end = time.monotonic() + delay_s
        while (remaining := end - time.monotonic()) > 0:
            alarm.wait(timeout_s=remaining)

    def _watch(self, service: Service, alarm: Alarm) -> Watchdog:
        """Watch the components, and send signs of life. Call this before the first call can come."""
        if self._link is not None and (timeout_s := self._settings["heartbeat_timeout_s"]):
            self._link.start_heartbeat(timeout_s)

        def hung() -> None:
            self._end = End.HUNG
            if self._link is not None:
                self._link.hung()
            service.give_up("the component hangs; the process restarts")
            alarm.ring()

        def spent() -> None:
            logger.info("the process has answered its share of calls")
            if self._link is not None:
                self._link.spent()

        watchdog = Watchdog(
            self.startup.units.executors,
            hang_timeout_s=self._settings["hang_timeout_s"],
            max_calls=self._settings["max_requests"] if self._link is not None else 0,
            jitter=self._settings["max_requests_jitter"],
            on_hang=hung,
            on_spent=spent,
        )
        watchdog.start()
        return watchdog

    def _drain(self, service: Service) -> int:
        """Take no new calls, answer the accepted ones, save, then stop everything."""
        service.ready = service.ready and service.retiring
        service.draining = True
        logger.info("draining: accepted calls have %.0f s to finish", self._settings["grace_s"])
        self.startup.notices.send(Lifecycle.DRAINING)
        deadline = time.monotonic() + self._settings["grace_s"]
        hangs = self._end is End.HUNG
        # a hanging component makes no snapshot, and another process uses the key
        kept = self.startup.units.finish_states(time.monotonic()) if hangs else True
        self.startup.transports.stop(deadline)
        if not hangs:  # the snapshot waits in the queue for the last call
            kept = self.startup.units.finish_states(max(deadline, time.monotonic() + _LAST_SAVE_S))
        finished = self.startup.units.stop(deadline)
        service.timers.close()
        self.startup.notices.send(Lifecycle.STOPPED)
        if self._link is not None:
            self._link.stop_heartbeat()
        if not finished:
            logger.error("calls were still running after the grace period; their answers are lost")
            if self.successor is None:
                self.startup.close()
                prints.flush()
                logging.shutdown()
                os._exit(1)  # the component's thread may block the interpreter's shutdown for ever
        logger.info("stopped")
        return 0 if kept and self._end is not End.FAILED else 1

    def _failed(self) -> None:
        """End the process, because a transport cannot continue. Any thread."""
        self._end = self._end or End.FAILED
        if self._alarm is not None:
            self._alarm.ring()

    def _on_usr1(self) -> None:
        self.startup.units.request_save()

    def _on_hup(self) -> None:
        self._reload_requested = self._serving

    def _on_term(self) -> None:
        self._on_end(signal.SIGTERM)

    def _on_int(self) -> None:
        self._on_end(signal.SIGINT)

    def _on_end(self, number: int) -> None:
        if not self._serving:
            raise Terminated
        if self._end is End.TERMINATED:  # the second signal
            prints.flush()
            os._exit(128 + number)
        self._end = End.TERMINATED
