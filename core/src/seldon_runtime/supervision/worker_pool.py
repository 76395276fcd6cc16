"""The worker processes of a supervisor: which of them run, which are missing, and who follows whom."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision.run_directory import RunDirectory
from seldon_runtime.supervision.worker_link import Order
from seldon_runtime.supervision.worker_process import WorkerProcess

logger = logging.getLogger(__name__)

_MARGIN_S = 7.0
"""The seconds after the grace period in which a worker must save its state and end."""


class WorkerPool:
    """The workers, ``workers`` of them at rest; more while successors load, fewer while some are missing.

    Args:
        command: the command line of ``seldon-run``, for starting the workers.
        settings: all settings.
        overlap: True to load a worker's successor while the worker still serves.

    Raises:
        StartupError: the workers' common folder cannot be created.
    """

    def __init__(self, command: Sequence[str], settings: Settings, *, overlap: bool) -> None:
        self.count: int = settings["workers"]
        self.closed = False
        """True after :meth:`close`: no further worker starts."""
        self._command = command
        self._one_by_one: bool = settings["load_sequentially"]
        self._patience_s: float = settings["grace_s"] + _MARGIN_S
        self._silence_s: float = settings.get("heartbeat_timeout_s", 0.0)
        self._overlap = overlap
        self._folder = RunDirectory()
        self._workers: list[WorkerProcess] = []
        self._due = dict.fromkeys(range(self.count), 0.0)
        """The start time of each missing worker, by index."""
        self._heard: dict[WorkerProcess, float] = {}
        """The time of the last sign of life of each worker that has to give any."""
        self._looked_at = time.monotonic()
        self._restarts = 0

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter(list(self._workers))

    def __len__(self) -> int:
        return len(self._workers)

    @property
    def ready_count(self) -> int:
        """The number of workers that serve."""
        return sum(worker.ready for worker in self._workers)

    @property
    def is_settled(self) -> bool:
        """True while every worker is there, ready, and shall stay."""
        return not self._due and all(worker.ready and not worker.retiring for worker in self._workers)

    def successor_of(self, worker: WorkerProcess) -> WorkerProcess | None:
        """Return the worker that shall replace this one; None without one."""
        return next((other for other in self._workers if other.replaces is worker), None)

    def promote_successor(self, worker: WorkerProcess) -> bool:
        """Let a worker's successor stand alone; return whether the worker has one."""
        successor = self.successor_of(worker)
        if successor is None:
            return False
        successor.replaces = None
        return True

    # starting

    def start_due(self) -> None:
        """Start the missing workers whose time has come."""
        for index, due in list(self._due.items()):
            if self._may_start() and due <= time.monotonic():
                del self._due[index]
                self._start(index)

    def replace(self, worker: WorkerProcess) -> None:
        """Start a worker's successor, then retire the worker; without overlap, in the other order."""
        if self.successor_of(worker) is not None or worker.retiring or self.closed:
            return
        if self._overlap:
            self._start(worker.index, worker)
        else:
            self.retire(worker)
            worker.restart_on_exit = True

    def restart(self, worker: WorkerProcess, delay_s: float = 0.0) -> None:
        """Schedule a worker in place of a failed worker, unless its successor runs already."""
        self._restarts += 1
        if not self.promote_successor(worker):
            self.schedule(worker.index, delay_s)

    def schedule(self, index: int, delay_s: float = 0.0) -> None:
        """Start a worker of this index after the delay."""
        if not self.closed:
            self._due[index] = time.monotonic() + delay_s if delay_s else 0.0

    def _may_start(self) -> bool:
        return not self.closed and not (self._one_by_one and any(not w.ready for w in self._workers))

    def _start(self, index: int, replaces: WorkerProcess | None = None) -> None:
        folder = self._folder.path
        worker = WorkerProcess(self._command, index, self.count, self._restarts, folder, replaces)
        self._workers.append(worker)

    # ending

    def retire(self, worker: WorkerProcess) -> None:
        """Order a worker to end while others serve."""
        worker.retire(Order.RETIRE, self._patience_s)

    def abandon(self, worker: WorkerProcess) -> None:
        """Expect the end of a worker that hangs, and that no order reaches."""
        worker.retiring = True
        worker.kill_at = time.monotonic() + self._patience_s

    def remove(self, worker: WorkerProcess) -> None:
        """Forget a worker that has ended."""
        self.expect_silence(worker)
        self._workers.remove(worker)

    def close(self) -> None:
        """Start no further worker."""
        self.closed = True
        self._due.clear()

    def end(self) -> None:
        """Order every worker to drain and end."""
        for worker in self._workers:
            worker.retire(Order.END, self._patience_s)

    def kill_overdue(self) -> None:
        """Kill the workers that did not end in time."""
        now = time.monotonic()
        for worker in self._workers:
            if worker.kill_at is not None and worker.kill_at <= now:
                logger.error("%s did not end in time; killing it", worker)
                worker.kill()

    # signs of life

    def expect_heartbeat(self, worker: WorkerProcess) -> None:
        """Expect signs of life of a worker from now on: it has loaded its components."""
        if self._silence_s:
            self._heard[worker] = time.monotonic()

    def expect_silence(self, worker: WorkerProcess) -> None:
        """Expect no more signs of life of a worker: its process ends."""
        self._heard.pop(worker, None)

    def heard(self, worker: WorkerProcess) -> None:
        """Count a sign of life."""
        if worker in self._heard:
            self._heard[worker] = time.monotonic()

    def kill_silent(self, planned_s: float) -> None:
        """Kill the workers without a sign of life: stopped ones, and those stuck in native code.

        Args:
            planned_s: the seconds after which the supervisor looks again. When far more have passed since its
                last look, it may have been paused together with its workers, whose signs of life then have
                their full time again.
        """
        now = time.monotonic()
        late_s, self._looked_at = now - self._looked_at - planned_s, now
        for worker, since in list(self._heard.items()):
            if late_s > self._silence_s / 2:
                self._heard[worker] = now
            elif since + self._silence_s <= now:
                logger.error(
                    "%s has given no sign of life for %g s: it is stopped, or native code keeps the "
                    "interpreter's lock; killing it",
                    worker,
                    self._silence_s,
                )
                self.expect_silence(worker)
                worker.kill()

    def kill(self) -> None:
        """Kill all workers."""
        for worker in self._workers:
            worker.kill()

    def release(self) -> None:
        """Remove the workers' folder. Call it when no worker runs."""
        self._folder.remove()

    def due_times(self) -> list[float]:
        """Return the times at which a worker is to be started or killed."""
        starts = [*self._due.values()] if self._may_start() else []
        ends = [worker.kill_at for worker in self._workers if worker.kill_at is not None]
        return starts + ends + [since + self._silence_s for since in self._heard.values()]
