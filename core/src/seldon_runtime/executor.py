"""The component's thread: everything that touches user code runs here.

With one thread, the default, the user's object is constructed, loaded, called and
saved by the same thread, so it need not be thread-safe, nor movable between threads.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from seldon_runtime.errors import ErrorCode, SeldonError

logger = logging.getLogger(__name__)

_LOOK_S = 0.5

T = TypeVar("T")
Task = Callable[[], None]


class Executor:
    """A first-in first-out queue of tasks and the threads that run them.

    Args:
        threads: how many; more than one only for thread-safe components.
        queue_size: how many tasks may wait; a further one is refused at once.
    """

    def __init__(self, threads: int = 1, queue_size: int = 1000) -> None:
        self.queue_size = queue_size
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._stopped = False
        self._entrance = threading.Lock()  # so that no task slips in over the limit, or behind the end
        self._busy_since: list[float | None] = [None] * threads
        self._finished = [0] * threads
        self._threads = [
            threading.Thread(target=self._work, args=(i,), name=f"component-{i}", daemon=True)
            for i in range(threads)
        ]

    def start(self) -> None:
        """Start the threads. Call once."""
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many tasks wait at this moment."""
        return self._tasks.qsize()

    @property
    def finished(self) -> int:
        """How many tasks have been run."""
        return sum(self._finished)

    def longest_s(self) -> float:
        """How long the task that was begun first of those still running has been running; 0 when none is."""
        now = time.monotonic()
        return max(now - (since or now) for since in self._busy_since)

    def submit(self, task: Task) -> None:
        """Run ``task`` when its turn comes; never blocks. ``task`` must not raise.

        Raises:
            SeldonError: OVERLOADED when the queue is full, UNAVAILABLE once stopped.
        """
        with self._entrance:
            if self._tasks.qsize() >= self.queue_size:
                raise SeldonError(
                    f"{self.queue_size} requests are waiting already; try again later",
                    code=ErrorCode.OVERLOADED,
                )
            self._put(task)

    def _put(self, task: Task) -> None:
        if self._stopped:
            raise _stopped()
        self._tasks.put(task)

    def run(self, function: Callable[[], T]) -> T:
        """Run ``function`` on a component thread and wait for its result, or raise what it raised.

        For start-up and snapshots: it is not subject to the queue's limit. Must not
        be called from a component thread, nor before :meth:`start`.

        Raises:
            SeldonError: UNAVAILABLE once stopped.
        """
        outcome: list[T] = []
        failure: list[BaseException] = []
        finished = threading.Event()

        def task() -> None:
            try:
                if threading.current_thread() not in self._threads:  # one that waited, and was given back
                    raise _stopped()
                outcome.append(function())
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
                failure.append(error)
            finally:
                finished.set()

        with self._entrance:
            self._put(task)
        while not finished.wait(_LOOK_S):  # a handler of a signal that another thread took can run now
            pass
        if failure:
            raise failure[0]
        return outcome[0]

    def stop(self, timeout_s: float | None = None) -> bool:
        """Run what was submitted, then end the threads. False when they did not end in time."""
        with self._entrance:
            self._stopped = True
            for _ in self._threads:
                self._tasks.put(None)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def abandon(self) -> list[Task]:
        """Take no more tasks, and give back those that wait: for when the threads hang. Those of :meth:`run`
        are to be called too, and let go of who waits for them."""
        waiting: list[Task] = []
        with self._entrance:
            self._stopped = True
            with suppress(Empty):
                while (task := self._tasks.get_nowait()) is not None:
                    waiting.append(task)
        return waiting

    def _work(self, index: int) -> None:
        busy_since, finished = self._busy_since, self._finished
        while (task := self._tasks.get()) is not None:
            busy_since[index] = time.monotonic()
            try:
                task()
            except BaseException:  # a fault of the runtime; without this boundary all later calls would hang
                logger.exception("a task of the runtime failed")
            busy_since[index] = None
            finished[index] += 1
            del task  # it holds a whole request: not until the next one comes


def _stopped() -> SeldonError:
    return SeldonError("the runtime has stopped", code=ErrorCode.UNAVAILABLE)
