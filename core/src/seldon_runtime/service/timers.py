"""Timers on one thread, which serves every deadline of the process."""

from __future__ import annotations

import logging
import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Timer(ABC):
    """An action that runs once, at its time, unless it is taken back before.

    Args:
        when: on the clock of ``time.monotonic``.
    """

    __slots__ = ("when",)

    def __init__(self, when: float) -> None:
        self.when = when

    @abstractmethod
    def run(self) -> None:
        """Run the action. Called on the timers' thread; must not block."""


class FunctionTimer(Timer):
    """A function that runs once at its time, unless it is cancelled."""

    __slots__ = ("_function", "_timers")

    def __init__(self, timers: Timers, when: float, function: Callable[[], None]) -> None:
        super().__init__(when)
        self._timers = timers
        self._function = function

    def run(self) -> None:
        """Call the function."""
        self._function()

    def cancel(self) -> bool:
        """Take the timer back; return False when it has run. Never blocks; any thread; idempotent."""
        return self._timers.take(self)

    def release(self) -> None:
        """Take the timer back if it has not run. Never blocks; any thread; idempotent."""
        self._timers.take(self)


class Timers:
    """The timers of a process. Thread-safe; the thread starts with the first timer.

    Timers run on the timers' thread, one after the other. Exceptions are logged.

    Most timers are taken back long before they are due. So adding and taking back cost little more than an
    entry of a dictionary, and wake the thread only for a timer that is due before the thread looks again.
    """

    def __init__(self) -> None:
        self.pending: dict[Timer, None] = {}
        """The timers that are to run. Taking one out, in one step, decides whether it runs."""
        self._changed = threading.Condition(threading.Lock())
        self.looks_at = math.inf
        """When the thread looks again by itself."""
        self._asked_for = math.inf
        """The earliest time for which it was woken, though that timer may have been taken back since."""
        self._thread: threading.Thread | None = None
        self._closed = False

    def call_at(self, when: float, function: Callable[[], None]) -> FunctionTimer:
        """Call ``function`` at ``when``, on the clock of ``time.monotonic``."""
        timer = FunctionTimer(self, when, function)
        self.add(timer)
        return timer

    def add(self, timer: Timer) -> None:
        """Have the timer run at its time."""
        self.pending[timer] = None
        if timer.when < self.looks_at:
            self.wake(timer.when)

    def take(self, timer: Timer) -> bool:
        """Take a timer back; return False when it has run, or was taken back before. Atomic."""
        return self.pending.pop(timer, timer) is None

    def close(self) -> None:
        """End the thread without running the remaining timers."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def wake(self, when: float) -> None:
        """Have the thread look again by ``when`` at the latest."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="timers", daemon=True)
                self._thread.start()
            if when < self.looks_at:
                self._asked_for = min(when, self._asked_for)
                self._changed.notify()

    def _work(self) -> None:
        while (due := self._due()) is not None:
            for timer in due:
                if self.take(timer):
                    try:
                        timer.run()
                    except BaseException:
                        logger.exception("a timer failed")
            del due, timer

    def _due(self) -> list[Timer] | None:
        """Wait until timers are due and return them in order; return None when closed."""
        with self._changed:
            while not self._closed:
                # first: whoever adds a timer from now on comes to wake this thread
                self.looks_at = math.inf
                pending = list(self.pending)
                now = time.monotonic()
                due = [timer for timer in pending if timer.when <= now]
                if due:
                    return sorted(due, key=_time_of)
                # Calls that end quickly one after the other must not wake the thread each time.
                if self._asked_for <= now:
                    self._asked_for = math.inf
                self.looks_at = min(map(_time_of, pending), default=self._asked_for)
                del pending, due
                self._changed.wait(None if self.looks_at == math.inf else self.looks_at - now)
        return None


def _time_of(timer: Timer) -> float:
    return timer.when
