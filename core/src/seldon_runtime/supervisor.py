"""Several worker processes: start, watch, replace, reload and stop them."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from seldon_runtime.backoff import Backoff
from seldon_runtime.errors import EXIT_STARTUP, StartupError
from seldon_runtime.listening import Kept
from seldon_runtime.run_folder import RunFolder
from seldon_runtime.settings import Settings
from seldon_runtime.signals import Alarm, handled
from seldon_runtime.worker import Order
from seldon_runtime.worker_process import WorkerProcess

logger = logging.getLogger(__name__)

_MARGIN_S = 7.0
"""How long a worker may take for its last save and its end when its grace period is over."""
_LONGEST_WAIT_S = 3600.0


class Supervisor:
    """Keeps ``workers`` processes serving until a signal ends them.

    User code is never imported here. Listening sockets are made here, when a worker first asks for them, and
    shared by all: a worker that ends takes no waiting connection with it.

    Args:
        command: the command line of ``seldon-run``, from which the workers are started too.
        settings: all settings.
        sockets: those of workers to come; closed at the end.
        overlap: whether the replacement of a worker may be loaded while the old one still serves.

    Raises:
        StartupError: there is no place for the workers' common folder.
    """

    def __init__(
        self, command: Sequence[str], settings: Settings, sockets: Kept, *, overlap: bool = True
    ) -> None:
        self._command = command
        self._count: int = settings["workers"]
        self._settings = settings
        self._overlap = overlap
        self._sockets = sockets
        self._folder = RunFolder()
        self._signals = ExitStack()
        self._alarm: Alarm | None = None
        self._workers: list[WorkerProcess] = []
        self._due = dict.fromkeys(range(self._count), 0.0)
        """When to start the worker of an index that has none."""
        self._backoff = Backoff()
        self._restarts = 0
        self._announced = False
        self._reload_wanted = False
        self._to_reload: list[WorkerProcess] = []
        self._ending = False
        self._terminated = False
        self._drain_at: float | None = None
        self._status = 0

    def start(self) -> bool:
        """Start the workers and wait until all are ready. Blocks; for the main thread.

        Returns:
            Whether all are ready; if not, nothing is left of them.
        """
        alarm = self.attend()
        while not self._announced and self._goes_on:
            self._step(alarm)
        if not self._announced:
            self.clean()
        return self._announced

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT. Blocks; for the main thread.

        Returns:
            The exit status: 0, 1 when accepted calls were lost at the end, or 3 when no worker can start.
        """
        alarm = self.attend()
        try:
            while self._goes_on:
                self._step(alarm)
        finally:
            for worker in self._workers:
                worker.kill()
            self._sockets.close()
            self.clean()
        logger.info("stopped")
        return self._status

    def attend(self) -> Alarm:
        """From now on signals are for the supervisor, until it ends."""
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
        """Replace the workers one by one. Returns at once; from any thread."""
        self._reload_wanted = True
        if self._alarm is not None:
            self._alarm.ring()

    @property
    def terminated(self) -> bool:
        """Whether a signal has asked it to end."""
        return self._terminated

    @property
    def _goes_on(self) -> bool:
        return bool(self._workers) or not self._ending

    def clean(self) -> None:
        """Let go of signals and of the workers' folder, when there is no worker (any more)."""
        self._signals.close()
        self._folder.remove()

    def _step(self, alarm: Alarm) -> None:
        """Do what is due, then wait for a signal, a message, or the next time that something is due."""
        self._start_due()
        self._go_on_reloading()
        self._end_due()
        for worker in alarm.wait([w for w in self._workers if w.speaks], self._wait_s()):
            for message in worker.messages():
                self._hear(worker, message)
        for worker in [w for w in self._workers if w.poll() is not None]:
            self._workers.remove(worker)
            for message in worker.messages():
                self._hear(worker, message)
            self._bury(worker)

    def _wait_s(self) -> float | None:
        """Until something is due; None when nothing is."""
        times = [*self._due.values()] if self._may_start() else []
        times += [w.kill_at for w in self._workers if w.kill_at is not None]
        if self._drain_at is not None:
            times.append(self._drain_at)
        return min(max(0.0, min(times) - time.monotonic()), _LONGEST_WAIT_S) if times else None

    # starting

    def _may_start(self) -> bool:
        one_by_one = self._settings["load_sequentially"]
        return not self._ending and not (one_by_one and any(not w.ready for w in self._workers))

    def _start_due(self) -> None:
        for index, due in list(self._due.items()):
            if self._may_start() and due <= time.monotonic():
                del self._due[index]
                self._start(index)

    def _start(self, index: int, replaces: WorkerProcess | None = None) -> None:
        folder = self._folder.path
        worker = WorkerProcess(self._command, index, self._count, self._restarts, folder, replaces)
        self._workers.append(worker)

    def _replace(self, worker: WorkerProcess) -> None:
        """Start another one; the old one is told to end when it is ready."""
        if self._successor_of(worker) is not None or worker.retiring or self._ending:
            return
        if self._overlap:
            self._start(worker.index, worker)
        else:
            self._retire(worker)
            worker.successor_wanted = True

    def _successor_of(self, worker: WorkerProcess) -> WorkerProcess | None:
        return next((w for w in self._workers if w.replaces is worker), None)

    def _retire(self, worker: WorkerProcess) -> None:
        worker.retire(Order.RETIRE, self._settings["grace_s"] + _MARGIN_S)

    # what workers say

    def _hear(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        match message["event"]:
            case "listen":
                self._answer(worker, self._sockets.listen, message["place"])
            case "reserve":
                self._answer(worker, self._sockets.reserve, message["place"])
            case "ready":
                self._welcome(worker, message["addresses"])
            case "spent":
                self._replace(worker)
            case "hung":
                self._abandon(worker)

    def _answer(self, worker: WorkerProcess, give: Any, place: list[Any]) -> None:
        try:
            given = give(*place)
        except StartupError as error:
            worker.send({"error": str(error)})
        else:
            worker.send(given)

    def _welcome(self, worker: WorkerProcess, addresses: list[list[str]]) -> None:
        worker.ready = True
        logger.info("%s is ready", worker)
        if worker.replaces in self._workers and not worker.replaces.retiring:
            self._retire(worker.replaces)
        worker.replaces = None
        if not self._announced and sum(w.ready for w in self._workers) == self._count:
            self._announced = True
            logger.info("ready: %s", ", ".join(f"{name} at {address}" for name, address in addresses))

    # ends

    def _bury(self, worker: WorkerProcess) -> None:
        """What follows from the end of a worker."""
        worker.close()
        if worker in self._to_reload:
            self._to_reload.remove(worker)
        successor = self._successor_of(worker)
        if successor is not None:
            successor.replaces = None
        if self._ending:
            if worker.status != 0 and worker.ready:
                self._status = self._status or 1
                logger.error("%s %s", worker, worker.fate)
        elif worker.retiring:
            logger.log(logging.INFO if worker.status == 0 else logging.ERROR, "%s %s", worker, worker.fate)
            if worker.successor_wanted:
                self._due[worker.index] = 0.0
        elif worker.replaces is not None:
            self._give_up_replacing(worker)
        else:
            self._mourn(worker, successor)

    def _abandon(self, worker: WorkerProcess) -> None:
        """It hangs, and is ending by itself, if it can."""
        logger.error("%s hangs, and is being replaced", worker)
        worker.retiring = True
        worker.kill_at = time.monotonic() + self._settings["grace_s"] + _MARGIN_S
        self._restarts += 1
        if self._successor_of(worker) is None and not self._ending:
            self._due[worker.index] = 0.0

    def _give_up_replacing(self, worker: WorkerProcess) -> None:
        logger.error("%s, a replacement, %s before it was ready; the old one serves on", worker, worker.fate)
        self._to_reload.clear()

    def _mourn(self, worker: WorkerProcess, successor: WorkerProcess | None) -> None:
        """A worker has ended that should not have."""
        logger.error("%s %s%s", worker, worker.fate, "" if worker.ready else " before it was ready")
        self._backoff.count(was_ready=worker.ready, age_s=worker.age_s)
        serving = any(w.ready for w in self._workers)
        hopeless = worker.status == EXIT_STARTUP or self._backoff.is_hopeless
        if not worker.ready and not serving and hopeless:
            logger.critical("no worker can be started; the cause stands above")
            self._status = EXIT_STARTUP
            self._end(0.0)
            return
        self._restarts += 1
        if successor is None:
            self._due[worker.index] = time.monotonic() + self._backoff.delay_s

    # reloading

    def _go_on_reloading(self) -> None:
        """Replace the next one when the last one replaced is gone."""
        if self._reload_wanted and not self._ending:
            self._reload_wanted = False
            logger.info("reloading: workers are replaced one by one")
            self._to_reload = [w for w in self._workers if not w.retiring]
        settled = not self._due and all(w.ready and not w.retiring for w in self._workers)
        if self._to_reload and settled:
            self._replace(self._to_reload.pop(0))

    # stopping

    def _end(self, delay_s: float) -> None:
        """Not ready; after the delay the workers drain."""
        self._ending = True
        self._due.clear()
        if delay_s:
            logger.info("not ready; draining begins in %g s", delay_s)
            for worker in self._workers:
                worker.order(Order.UNREADY)
        self._drain_at = time.monotonic() + delay_s

    def _end_due(self) -> None:
        now = time.monotonic()
        if self._drain_at is not None and self._drain_at <= now:
            self._drain_at = None
            if self._announced:
                self._sockets.bar()
            for worker in self._workers:
                worker.retire(Order.END, self._settings["grace_s"] + _MARGIN_S)
            if self._announced:
                self._sockets.close()
        for worker in self._workers:
            if worker.kill_at is not None and worker.kill_at <= now:
                logger.error("%s did not end in time, and is killed", worker)
                worker.kill()

    # signals

    def _on_end(self, number: int) -> None:
        if self._terminated:  # asked twice
            for worker in self._workers:
                worker.kill()
            self.clean()
            os._exit(128 + number)
        self._terminated = True
        self._end(self._settings["drain_delay_s"])

    def _on_usr1(self) -> None:
        for worker in self._workers:
            worker.signal(signal.SIGUSR1)
