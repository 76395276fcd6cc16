"""The component's thread, which runs everything that touches user code.

With one thread, the default, the user's object is constructed, loaded, called and
saved by the same thread, so it need not be thread-safe, nor movable between threads. The thread
has an event loop of its own, which runs from the first coroutine on.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import cache, partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar
from weakref import WeakSet

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.service.running.event_loop import EventLoop
from seldon_runtime.service.running.threads import Task, Threads

logger = logging.getLogger(__name__)

_LOOK_S = 0.5
_LONGEST_RETRY_S = 60

T = TypeVar("T")
_started: WeakSet[Executor] = WeakSet()


class Executor:
    """A first-in first-out queue of tasks, and the threads that run them.

    Args:
        threads: the number of threads; more than 1 only for thread-safe components.
        queue_size: the number of tasks that may wait; a further task is refused at once.
        place: makes the threads.
        concurrency: the number of coroutines that may be under way.
        component: its name for the log.
    """

    def __init__(
        self,
        threads: int = 1,
        queue_size: int = 1000,
        place: Threads | None = None,
        concurrency: int = 100,
        component: str = "the component",
    ) -> None:
        self.queue_size = queue_size
        self._place = place or Threads()
        self._concurrency = concurrency
        self._component = component
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        """The queue that the threads read."""
        self._tasks: SimpleQueue[Task | None] | EventLoop = self._queue
        """The queue that takes tasks: from the first coroutine on, that of the event loop."""
        self._loop: EventLoop | None = None
        self._looping = -1
        """The index of the thread that runs the event loop, or is about to."""
        self._stopped = False
        self._is_forked = False
        self._when_forked: Callable[[], None] | None = None
        self._entrance = threading.Lock()  # no task may enter above the limit, or after the end
        self._busy_since: list[float | None] = [None] * threads
        self._finished = [0] * threads
        self._busy_s = [0.0] * threads
        self._threads = [
            self._place.make(partial(self._work, index), f"component-{index}") for index in range(threads)
        ]
        self._is_started = False
        self._index_of: dict[int, int] = {}

    def start(self) -> None:
        """Start the threads. Call once."""
        self._is_started = True
        _started.add(self)
        _watch_forks()
        for thread in self._threads:
            thread.start()

    def when_forked(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` in each child that user code forks. Its calls and its queue are the parent's."""
        self._when_forked = changed

    def leave_in_child(self) -> None:
        """Run no waiting task in a forked child, and end the child when its user code returns."""
        self._is_forked = True
        self._queue = self._tasks = SimpleQueue()
        self._queue.put(None)
        if self._loop is not None:
            self._loop.leave()
        if self._when_forked is not None:
            self._when_forked()

    @property
    def is_current(self) -> bool:
        """True on one of the executor's threads."""
        return threading.get_ident() in self._index_of

    @property
    def waiting(self) -> int:
        """The number of tasks that wait at this moment."""
        return self._tasks.qsize()

    @property
    def finished(self) -> int:
        """The number of tasks that have been run."""
        return sum(self._finished) + (self._loop.finished if self._loop is not None else 0)

    @property
    def retry_after_s(self) -> int:
        """The estimated seconds, at least 1, until the waiting tasks have run, at the average pace so far."""
        busy_s, at_once = sum(self._busy_s), len(self._threads)
        if self._loop is not None:
            busy_s, at_once = busy_s + self._loop.busy_s, self._concurrency
        wait_s = self._tasks.qsize() * busy_s / max(1, self.finished) / at_once
        return max(1, min(_LONGEST_RETRY_S, math.ceil(wait_s)))

    def longest_s(self) -> float:
        """Return the seconds for which the oldest running task has run; 0 when the threads are idle.

        A coroutine that awaits does not count; code that blocks the event loop does.
        """
        now = time.monotonic()
        longest_s = max(now - (since or now) for since in self._busy_since)
        return longest_s if self._loop is None else max(longest_s, self._loop.blocked_s())

    def submit(self, task: Task) -> None:
        """Run ``task`` when its turn comes; never blocks. ``task`` must not raise.

        Raises:
            SeldonError: OVERLOADED when the queue is full, UNAVAILABLE after :meth:`stop`.
        """
        with self._entrance:
            if self._tasks.qsize() >= self.queue_size:
                raise self._overloaded()
            if self._stopped:
                raise _stopped()
            self._tasks.put(task)

    def require_room(self) -> None:
        """Raise SeldonError (OVERLOADED) when the queue is full, for a call that needs this thread later."""
        if self._tasks.qsize() >= self.queue_size:
            raise self._overloaded()

    def _overloaded(self) -> SeldonError:
        return SeldonError(
            f"{self.queue_size} requests are waiting already; try again later",
            code=ErrorCode.OVERLOADED,
            headers={"Retry-After": str(self.retry_after_s)},
        )

    def submit_further(self, task: Task) -> None:
        """Run a further task of a call that is under way, such as the next item of its stream.

        The queue's limit does not apply, because an accepted call must be answered.

        Raises:
            SeldonError: UNAVAILABLE after :meth:`stop`.
        """
        with self._entrance:
            self._put(task)

    def _put(self, task: Task) -> None:
        if self._stopped:
            raise _stopped()
        self._tasks.put(task)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine, which must not raise, on the event loop, in a copy of the current context.

        It counts towards the concurrency. Must be called on a component thread.
        """
        self.interleave().spawn(coroutine, copy_context())

    def interleave(self) -> EventLoop:
        """Run tasks on the event loop of this component thread from now on. Idempotent."""
        with self._entrance:
            if self._loop is None:
                helpers, queue = len(self._threads) - 1, self._queue
                self._loop = EventLoop(self._component, self._concurrency, queue, helpers)
                self._looping = self._index_of[threading.get_ident()]
                with suppress(Empty):
                    while True:
                        self._loop.put(queue.get_nowait())
                self._tasks = self._loop
            return self._loop

    def run(self, function: Callable[[], T]) -> T:
        """Run ``function`` on a component thread; return its result, or raise its exception. Blocks.

        For start-up and snapshots: the queue's limit does not apply. Must not be called from a component
        thread, nor before :meth:`start`.

        Raises:
            SeldonError: UNAVAILABLE after :meth:`stop`.
        """
        outcome: list[T] = []
        failure: list[BaseException] = []
        finished = threading.Event()

        def task() -> None:
            try:
                if not self.is_current:  # a queued task that abandon() returned
                    raise _stopped()
                outcome.append(function())
            except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
                failure.append(error)
            finally:
                finished.set()

        with self._entrance:
            if self._loop is None or self._stopped:
                self._put(task)
            else:
                self._loop.put_between(task)
        while not finished.wait(_LOOK_S):  # lets the handler of a signal that another thread received run
            self._place.while_waiting()
        if failure:
            raise failure[0]
        return outcome[0]

    def stop(self, timeout_s: float | None = None) -> bool:
        """Run the submitted tasks, then end the threads; return False if they did not end in time."""
        with self._entrance:
            self._stopped = True
            for _ in self._threads:
                self._tasks.put(None)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for thread in self._threads:
            if self._is_started:
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def abandon(self) -> list[Task]:
        """Stop accepting tasks and return the queued ones. Use it when a component thread hangs.

        The caller must run all of them, because threads in :meth:`run` wait for their tasks.
        """
        waiting: list[Task] = []
        with self._entrance:
            self._stopped = True
            with suppress(Empty):
                while (task := self._tasks.get_nowait()) is not None:
                    waiting.append(task)
        return waiting

    def _work(self, index: int) -> None:
        self._index_of[threading.get_ident()] = index
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)  # for user code that asks for the current one
        try:
            self._run_tasks(index)
            if self._loop is not None and self._looping == index:
                self._loop.run()
                if not self._is_forked:
                    self._loop.close()
            if self._is_forked:
                os._exit(0)
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _run_tasks(self, index: int) -> None:
        busy_since, finished, busy_s = self._busy_since, self._finished, self._busy_s
        while (task := self._queue.get()) is not None:
            started = busy_since[index] = time.monotonic()
            try:
                task()
            except BaseException:  # a fault of the runtime: without this boundary all later calls would hang
                logger.exception("a task of the runtime failed")
            busy_since[index] = None
            busy_s[index] += time.monotonic() - started
            finished[index] += 1
            del task  # it holds a whole request, which need not live until the next task
            if self._looping == index:
                return


@cache  # once for the process
def _watch_forks() -> None:
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=_leave_all)


def _leave_all() -> None:
    for executor in _started:
        executor.leave_in_child()


def _stopped() -> SeldonError:
    return SeldonError("the runtime has stopped", code=ErrorCode.UNAVAILABLE)
