"""The component on the main thread, and everything else beside it (``--component-thread main``).

Some libraries work on the main thread only: ``signal.signal`` is the best known case. Python also runs its
signal handlers there, and user code may keep the thread for long. So the thread beside it reads the signals
themselves from the wake-up descriptor (:class:`seldon_runtime.supervision.signals.Alarm`).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from seldon_runtime.errors import EXIT_STARTUP
from seldon_runtime.service.running.threads import ComponentThread, Task, Threads
from seldon_runtime.supervision.signals import Alarm

logger = logging.getLogger(__name__)

_RELEASE_S = 1.0
"""Seconds that user code may keep the main thread when the process ends."""


class MainThread(Threads):
    """The main thread as the place of the first component; further components have threads of their own."""

    def __init__(self) -> None:
        self.alarm: Alarm | None = None
        """The alarm that brings the signals."""
        self._jobs: SimpleQueue[_MainJob | None] = SimpleQueue()
        self._is_taken = False

    def make(self, work: Task, name: str) -> ComponentThread:
        """Return the main thread at first, then daemon threads."""
        if self._is_taken:
            return super().make(work, name)
        self._is_taken = True
        return _MainJob(work, self._jobs.put)

    def while_waiting(self) -> None:
        """Run the handlers of the signals that have come."""
        if self.alarm is not None:
            self.alarm.wait(timeout_s=0)

    def run(self, beside: Callable[[], int], release: Callable[[float], bool]) -> int:
        """Run ``beside`` on another thread, and meanwhile the component here. Call it on the main thread.

        The process ends when user code keeps the main thread longer than ``beside`` runs.

        Args:
            beside: returns the exit status.
            release: ends the component's work within so many seconds; returns False if it did not end.

        Returns:
            The result of ``beside``; its exception is raised.
        """
        results: list[int] = []
        failures: list[BaseException] = []

        def live() -> None:
            try:
                results.append(beside())
            except BaseException as error:  # noqa: BLE001 - raised on the main thread
                failures.append(error)
            if not release(_RELEASE_S):
                for failure in failures:
                    logger.critical("%s", failure)
                logging.shutdown()
                os._exit(EXIT_STARTUP if failures else results[0])
            self._jobs.put(None)

        thread = threading.Thread(target=live, name="life", daemon=True)
        thread.start()
        while (job := self._next()) is not None:
            job.run()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]

    def _next(self) -> _MainJob | None:
        while True:
            with _surviving_signals():
                return self._jobs.get()


@contextmanager
def _surviving_signals() -> Iterator[None]:
    """Log an exception that a signal handler of user code raises between calls, and continue."""
    try:
        yield
    except KeyboardInterrupt:  # the alarm brings the signal
        logger.debug("a signal handler raised KeyboardInterrupt between calls")
    except Exception:
        logger.exception("a signal handler of user code raised between calls")


class _MainJob:
    """A component's work on the main thread."""

    def __init__(self, work: Task, put: Callable[[_MainJob], None]) -> None:
        self._work = work
        self._put = put
        self._is_started = False
        self._finished = threading.Event()

    def start(self) -> None:
        """Hand the work to the main thread."""
        self._is_started = True
        self._put(self)

    def run(self) -> None:
        """Run the work, on the main thread."""
        while not self._finished.is_set():
            with _surviving_signals():
                self._work()
                self._finished.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the work is done."""
        self._finished.wait(timeout)

    def is_alive(self) -> bool:
        """Return whether the work has begun and is not done."""
        return self._is_started and not self._finished.is_set()
