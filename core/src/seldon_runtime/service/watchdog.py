"""The watchdog, which detects a hanging component, and a process that has answered its share of calls."""

from __future__ import annotations

import faulthandler
import logging
import random
import sys
import threading
import traceback
from collections.abc import Callable, Sequence

from seldon_runtime.service.executor import Executor

logger = logging.getLogger(__name__)

_MAX_INTERVAL_S = 1.0
_CHECKS = 8
"""The number of checks within the time that a call may take."""


class Watchdog:
    """A thread that checks the components' threads periodically.

    Args:
        executors: the components' threads.
        hang_timeout_s: the seconds that a call may run; 0 for no limit.
        max_calls: the number of calls that the process may answer; 0 for no limit.
        jitter: up to so many calls more, at random, so that workers which started together end one by one.
        on_hang: called once, on the watchdog's thread, when a call runs for too long.
        on_spent: called once, on the watchdog's thread, after ``max_calls`` calls.
    """

    def __init__(
        self,
        executors: Sequence[Executor],
        *,
        hang_timeout_s: float,
        max_calls: int,
        jitter: int,
        on_hang: Callable[[], None],
        on_spent: Callable[[], None],
    ) -> None:
        self._executors = executors
        self._hang_timeout_s = hang_timeout_s
        self._max_calls = max_calls + random.randint(0, jitter) if max_calls else 0
        self._on_hang = on_hang
        self._on_spent = on_spent
        self._interval_s = min(_MAX_INTERVAL_S, hang_timeout_s / _CHECKS or _MAX_INTERVAL_S)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start the thread, if a limit is set."""
        if self._hang_timeout_s:
            self._arm()
        if self._hang_timeout_s or self._max_calls:
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._done.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _work(self) -> None:
        spent = not self._max_calls
        while not self._done.wait(self._interval_s):
            if self._hang_timeout_s:
                self._arm()
                if max(executor.longest_s() for executor in self._executors) > self._hang_timeout_s:
                    logger.critical(
                        "a call has been running for more than %g s; the stacks of all threads:\n%s",
                        self._hang_timeout_s,
                        stacks(),
                    )
                    self._on_hang()
                    break
            if not spent and self._executors[0].finished >= self._max_calls:
                spent = True
                self._on_spent()
        if self._hang_timeout_s:
            faulthandler.cancel_dump_traceback_later()

    def _arm(self) -> None:
        """Schedule faulthandler to end the process, unless this method runs again before.

        Native code that keeps the interpreter's lock also stops the watchdog. The thread of faulthandler
        needs no lock: it writes the stacks and ends the process.
        """
        faulthandler.dump_traceback_later(2 * self._hang_timeout_s + self._interval_s, exit=True)


def stacks() -> str:
    """Return the stack of each thread of the process."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )
