"""The supervisor: it watches worker processes, and restarts, reloads and stops them."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from seldon_runtime.errors import EXIT_STARTUP, StartupError
from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.restart_policy import RestartPolicy
from seldon_runtime.supervision.signals import Alarm, handled
from seldon_runtime.supervision.worker_link import Order
from seldon_runtime.supervision.worker_pool import WorkerPool
from seldon_runtime.supervision.worker_process import WorkerProcess
from seldon_runtime.transport.sockets import SharedSockets

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 3600.0


class Supervisor:
    """The process that keeps ``workers`` processes serving until a signal ends them.

    The supervisor never imports user code. It creates a listening socket when a worker first requests it, and
    shares it among all workers, so that no waiting connection is lost when a worker ends.

    Args:
        command: the command line of ``seldon-run``, for starting the workers.
        settings: all settings.
        sockets: the listening sockets of the workers; closed at the end.
        overlap: True to load a worker's successor while the worker still serves.

    Raises:
        StartupError: the workers' common folder cannot be created.
    """

    def __init__(
        self, command: Sequence[str], settings: Settings, sockets: SharedSockets, *, overlap: bool = True
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._workers = WorkerPool(command, settings, overlap=overlap)
        self._signals = ExitStack()
        self._alarm: Alarm | None = None
        self._restart_policy = RestartPolicy()
        self._announced = False
        self._reload_requested = False
        self._to_reload: list[WorkerProcess] = []
        self._terminated = False
        self._drain_at: float | None = None
        self._status = 0

    def start(self) -> bool:
        """Start the workers and wait until all are ready. Blocks; for the main thread.

        Returns:
            True if all are ready; False if they failed and have ended.
        """
        alarm = self.handle_signals()
        while not self._announced and self._is_running:
            self._step(alarm)
        if not self._announced:
            self.release()
        return self._announced

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT. Blocks; for the main thread.

        Returns:
            The exit status: 0, 1 when accepted calls were lost at the end, or 3 when no worker can start.
        """
        alarm = self.handle_signals()
        try:
            while self._is_running:
                self._step(alarm)
        finally:
            self._workers.kill()
            self._sockets.close()
            self.release()
        logger.info("stopped")
        return self._status

    def handle_signals(self) -> Alarm:
        """Handle signals until :meth:`release`; return the alarm that they ring."""
        if self._alarm is None:
            handlers = {
                signal.SIGTERM: lambda: self._on_end(signal.SIGTERM),
                signal.SIGINT: lambda: self._on_end(signal.SIGINT),
                signal.SIGHUP: self.reload,
                signal.SIGUSR1: self._on_usr1,
                signal.SIGCHLD: lambda: None,
            }
            self._alarm = self._signals.enter_context(handled(handlers))
        return self._alarm

    def reload(self) -> None:
        """Restart the workers one by one. Returns at once; any thread."""
        self._reload_requested = True
        if self._alarm is not None:
            self._alarm.ring()

    @property
    def terminated(self) -> bool:
        """True after a signal to end."""
        return self._terminated

    @property
    def _is_running(self) -> bool:
        return len(self._workers) > 0 or not self._workers.closed

    def release(self) -> None:
        """Restore signal handlers and remove the workers' folder. Call it when no worker runs."""
        self._signals.close()
        self._workers.release()

    def _step(self, alarm: Alarm) -> None:
        """Run due actions, then wait for a signal, a message, or the next due time."""
        self._workers.start_due()
        self._continue_reload()
        self._end_due()
        wait_s = self._wait_s()
        for worker in alarm.wait([w for w in self._workers if w.is_connected], wait_s):
            self._workers.heard(worker)
            for message in worker.messages():
                self._handle(worker, message)
        self._workers.kill_silent(_LONGEST_WAIT_S if wait_s is None else wait_s)
        for worker in [w for w in self._workers if w.poll() is not None]:
            self._workers.remove(worker)
            for message in worker.messages():
                self._handle(worker, message)
            self._on_exit(worker)

    def _wait_s(self) -> float | None:
        """Return the seconds until the next due action; None without such an action."""
        times = self._workers.due_times()
        if self._drain_at is not None:
            times.append(self._drain_at)
        return min(max(0.0, min(times) - time.monotonic()), _LONGEST_WAIT_S) if times else None

    # messages of workers

    def _handle(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        match message["event"]:
            case "listen":
                self._answer(worker, self._sockets.listen, message["place"])
            case "reserve":
                self._answer(worker, self._sockets.reserve, message["place"])
            case "beating":
                self._workers.expect_heartbeat(worker)
            case "ready":
                self._on_ready(worker, message["addresses"])
            case "spent":
                self._workers.replace(worker)
            case "ending":
                self._workers.expect_silence(worker)
            case "hung":
                self._on_hang(worker)

    def _answer(self, worker: WorkerProcess, open_socket: Any, place: list[Any]) -> None:
        try:
            opened = open_socket(*place)
        except StartupError as error:
            worker.send({"error": str(error)})
        else:
            worker.send(opened)

    def _on_ready(self, worker: WorkerProcess, addresses: list[list[str]]) -> None:
        worker.ready = True
        logger.info("%s is ready", worker)
        replaced, worker.replaces = worker.replaces, None
        if replaced is not None and replaced in self._workers and not replaced.retiring:
            self._workers.retire(replaced)
        if not self._announced and self._workers.ready_count == self._workers.count:
            self._announced = True
            logger.info("ready: %s", ", ".join(f"{name} at {address}" for name, address in addresses))

    # ends

    def _on_exit(self, worker: WorkerProcess) -> None:
        """Handle the end of a worker process."""
        worker.close()
        if worker in self._to_reload:
            self._to_reload.remove(worker)
        if self._workers.closed:
            if worker.status != 0 and worker.ready:
                self._status = self._status or 1
                logger.error("%s %s", worker, worker.ending)
        elif worker.retiring:
            logger.log(logging.INFO if worker.status == 0 else logging.ERROR, "%s %s", worker, worker.ending)
            if worker.restart_on_exit:
                self._workers.schedule(worker.index)
        elif worker.replaces is not None:
            self._on_failed_replacement(worker)
        else:
            self._on_unexpected_exit(worker)
        self._workers.promote_successor(worker)

    def _on_hang(self, worker: WorkerProcess) -> None:
        """Start the successor of a worker that hangs, and which ends by itself, if it can."""
        logger.error("%s hangs; starting its successor", worker)
        self._workers.abandon(worker)
        self._workers.restart(worker)

    def _on_failed_replacement(self, worker: WorkerProcess) -> None:
        logger.error("%s, a successor, %s before it was ready; the old one serves on", worker, worker.ending)
        self._to_reload.clear()

    def _on_unexpected_exit(self, worker: WorkerProcess) -> None:
        """Schedule the restart of a worker that ended unexpectedly, or give up."""
        logger.error("%s %s%s", worker, worker.ending, "" if worker.ready else " before it was ready")
        self._restart_policy.count(was_ready=worker.ready, age_s=worker.age_s)
        hopeless = worker.status == EXIT_STARTUP or self._restart_policy.is_hopeless
        if not worker.ready and not self._workers.ready_count and hopeless:
            logger.critical("no worker can start; see the error above")
            self._status = EXIT_STARTUP
            self._end(0.0)
            return
        self._workers.restart(worker, self._restart_policy.delay_s)

    # reloading

    def _continue_reload(self) -> None:
        """Restart the next worker when all workers are ready again."""
        if self._reload_requested and not self._workers.closed:
            self._reload_requested = False
            logger.info("reloading: restarting the workers one by one")
            self._to_reload = [w for w in self._workers if not w.retiring]
        if self._to_reload and self._workers.is_settled:
            self._workers.replace(self._to_reload.pop(0))

    # stopping

    def _end(self, delay_s: float) -> None:
        """Turn the workers not ready, and let them drain after the delay."""
        self._workers.close()
        if delay_s:
            logger.info("not ready; draining begins in %g s", delay_s)
            for worker in self._workers:
                worker.order(Order.UNREADY)
        self._drain_at = time.monotonic() + delay_s

    def _end_due(self) -> None:
        if self._drain_at is not None and self._drain_at <= time.monotonic():
            self._drain_at = None
            if self._announced:
                self._sockets.stop_new_connections()
            self._workers.end()
            if self._announced:
                self._sockets.close()
        self._workers.kill_overdue()

    # signals

    def _on_end(self, number: int) -> None:
        if self._terminated:  # the second signal
            self._workers.kill()
            self.release()
            os._exit(128 + number)
        self._terminated = True
        self._end(self._settings["drain_delay_s"])

    def _on_usr1(self) -> None:
        for worker in self._workers:
            worker.signal(signal.SIGUSR1)
