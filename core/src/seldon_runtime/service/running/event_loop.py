"""The event loop of a component's thread: queued tasks start in their order, coroutines interleave."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Coroutine
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from typing import Any

from seldon_runtime.component.calls.unfinished import thread_loop
from seldon_runtime.service.running.loop_watch import LoopWatch
from seldon_runtime.service.running.threads import Task

logger = logging.getLogger(__name__)

_BURST = 8
"""The tasks that start before the loop serves its sockets and timers again."""


class EventLoop:
    """The queue of a component's thread that runs coroutines. The executor puts tasks under its lock.

    A task starts while fewer than ``concurrency`` coroutines are under way. With helpers, which are further
    threads of the executor, tasks run there, and only coroutines run on the loop's thread.

    Args:
        component: names the component in the log.
        concurrency: the number of coroutines that may be under way.
        queue: the queue of the helpers.
        helpers: the number of the helpers.
    """

    def __init__(
        self, component: str, concurrency: int, queue: SimpleQueue[Task | None], helpers: int
    ) -> None:
        self.concurrency = concurrency
        self.finished = 0
        """The number of tasks that were run here."""
        self.busy_s = 0.0
        """The seconds that tasks and coroutines took, those of waiting included."""
        self._loop = thread_loop()
        self._ident = threading.get_ident()
        self._base = copy_context()
        self._helpers = helpers
        self._helper_queue = queue
        self._helping = 0
        self._queue: deque[Task | None] = deque()
        self._is_woken = False
        self._is_ending = self._has_ended = False
        self._first_steps = 0
        """The number of coroutines that are about to begin, or to go on after a rest."""
        self._coroutines: dict[asyncio.Task[Any], float] = {}
        self._watch = LoopWatch(component, self._loop, self._ident)

    # as a queue, for the executor

    def put(self, task: Task | None) -> None:
        """Add a task; None ends the loop after the tasks before it and their coroutines."""
        if self._has_ended:  # the executor is stopped again
            return
        self._queue.append(task)
        if not self._is_woken:
            self._is_woken = True
            is_here = threading.get_ident() == self._ident
            wake = self._loop.call_soon if is_here else self._loop.call_soon_threadsafe
            wake(self._take, context=self._base)

    def put_between(self, task: Task) -> None:
        """Run a task between two steps of coroutines, whatever waits."""
        self._loop.call_soon_threadsafe(task, context=self._base)

    def qsize(self) -> int:
        """Return the number of tasks that wait."""
        return len(self._queue)

    def get_nowait(self) -> Task | None:
        """Take a waiting task out.

        Raises:
            Empty: no task waits.
        """
        try:
            return self._queue.popleft()
        except IndexError:
            raise Empty from None

    # for the component's thread

    def spawn(self, coroutine: Coroutine[Any, Any, None], context: Context) -> None:
        """Run a coroutine, which must not raise, to its end. Any thread of the executor."""
        if self.is_current:
            self._start(coroutine, context)
        else:
            self._loop.call_soon_threadsafe(self._start, coroutine, context, context=self._base)

    @property
    def is_current(self) -> bool:
        """True on the loop's thread."""
        return threading.get_ident() == self._ident

    @property
    def has_ended(self) -> bool:
        """True once the loop runs no more coroutines, but for their end."""
        return self._has_ended

    def rest(self, task: asyncio.Task[Any]) -> None:
        """Count a spawned task no more towards the concurrency, while it waits. In the task itself."""
        self.busy_s += time.monotonic() - self._coroutines.pop(task)
        self._loop.call_soon(self._go_on, context=self._base)

    def go_on(self, task: asyncio.Task[Any]) -> None:
        """Count a task again that rested, and have it run before the next queued task. The loop's thread."""
        if task not in self._coroutines:
            self._coroutines[task] = time.monotonic()
            self._expect_step()

    def blocked_s(self) -> float:
        """Return the seconds for which the loop has not served its events."""
        return self._watch.blocked_s()

    def run(self) -> None:
        """Run the loop until its end. Blocks."""
        self._watch.start()
        try:
            while not self._has_ended:
                try:
                    self._loop.run_forever()
                except BaseException:  # SystemExit in a task of user code must not end the thread
                    logger.exception("the event loop of the component was interrupted; it goes on")
        finally:
            self._watch.stop()

    def close(self) -> None:
        """Cancel the tasks that user code left, wait for them, and close the loop."""
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def leave(self) -> None:
        """End the loop in a forked child, after the step that is running."""
        self._has_ended = True
        self._queue.clear()
        self._loop.stop()

    def _take(self) -> None:
        """Start waiting tasks as far as the concurrency allows."""
        self._is_woken = False
        for _ in range(_BURST):
            if self._first_steps or len(self._coroutines) + self._helping >= self.concurrency:
                return
            try:
                task = self._queue.popleft()
            except IndexError:
                return
            if task is None:
                self._is_ending = True
                self._end_if_idle()
                return
            self._run_task(task)
        if self._queue and not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._take, context=self._base)

    def _run_task(self, task: Task) -> None:
        if self._helpers:
            self._helping += 1
            self._helper_queue.put(lambda: self._help(task))
            return
        began = time.monotonic()
        try:
            task()
        except BaseException:  # a fault of the runtime: without this boundary all later calls would hang
            logger.exception("a task of the runtime failed")
        self.finished += 1
        self.busy_s += time.monotonic() - began

    def _help(self, task: Task) -> None:
        try:
            task()
        finally:  # behind the coroutine that the task may have spawned
            self._loop.call_soon_threadsafe(self._helped, context=self._base)

    def _helped(self) -> None:
        self._helping -= 1
        self._go_on()

    def _start(self, coroutine: Coroutine[Any, Any, None], context: Context) -> None:
        task = self._loop.create_task(coroutine, context=context)
        self._coroutines[task] = time.monotonic()
        task.add_done_callback(self._over, context=self._base)
        self._expect_step()

    def _expect_step(self) -> None:
        """Run the next queued task after the step that is scheduled."""
        self._first_steps += 1
        self._loop.call_soon(self._stepped, context=self._base)

    def _stepped(self) -> None:
        self._first_steps -= 1
        self._go_on()

    def _over(self, task: asyncio.Task[None]) -> None:
        self.busy_s += time.monotonic() - self._coroutines.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a coroutine of the runtime failed", exc_info=error)
        self._go_on()

    def _go_on(self) -> None:
        if self._queue:
            self._take()
        if self._is_ending:
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._coroutines or self._helping or self._has_ended:
            return
        self._has_ended = True
        for _ in range(self._helpers):
            self._helper_queue.put(None)
        self._loop.stop()


def use_uvloop() -> None:
    """Set an event loop of uvloop for this thread, if it is installed and the thread's loop was never used.

    Not the main thread, where it would take the signals that end the process.
    """
    if threading.current_thread() is threading.main_thread():
        return
    try:
        import uvloop
    except ImportError:
        return
    unused = thread_loop()
    if not isinstance(unused, uvloop.Loop) and not asyncio.all_tasks(unused):
        asyncio.set_event_loop(uvloop.new_event_loop())
        unused.close()
