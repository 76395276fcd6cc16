"""Looks at the component's threads from outside: does one hang, have they done their share of calls?"""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable

from seldon_runtime.executor import Executor

logger = logging.getLogger(__name__)

_MOST_S = 1.0
_LOOKS = 8
"""How often to look within the time that a call may take."""


class Watch:
    """A thread that looks every now and then.

    Args:
        executor: what it looks at.
        hang_timeout_s: how long a call may run; 0 for ever.
        max_calls: how many calls the process is to answer; 0 for any number.
        on_hang: told once, on the watch's thread, when a call runs for too long.
        on_spent: told once, on the watch's thread, when the calls are done.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        hang_timeout_s: float,
        max_calls: int,
        on_hang: Callable[[], None],
        on_spent: Callable[[], None],
    ) -> None:
        self._executor = executor
        self._hang_timeout_s = hang_timeout_s
        self._max_calls = max_calls
        self._on_hang = on_hang
        self._on_spent = on_spent
        self._interval_s = min(_MOST_S, hang_timeout_s / _LOOKS or _MOST_S)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Start the thread, if there is anything to look for."""
        if self._hang_timeout_s:
            self._arm()
        if self._hang_timeout_s or self._max_calls:
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _work(self) -> None:
        spent = not self._max_calls
        while not self._done.wait(self._interval_s):
            if self._hang_timeout_s:
                self._arm()
                if self._executor.longest_s() > self._hang_timeout_s:
                    logger.critical(
                        "a call has been running for more than %g s. Where all threads are:\n%s",
                        self._hang_timeout_s,
                        stacks(),
                    )
                    self._on_hang()
                    break
            if not spent and self._executor.finished >= self._max_calls:
                spent = True
                self._on_spent()
        if self._hang_timeout_s:
            faulthandler.cancel_dump_traceback_later()

    def _arm(self) -> None:
        """Native code that keeps the interpreter to itself stops this thread too. Then the thread of
        faulthandler, which needs no interpreter, tells where it hangs, and ends the process."""
        faulthandler.dump_traceback_later(2 * self._hang_timeout_s + self._interval_s, exit=True)


def stacks() -> str:
    """Where each thread of the process is."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )
