"""The watch over a component's event loop, which names user code that blocks it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from contextlib import suppress

logger = logging.getLogger(__name__)

_PATIENCE_S = 1.0
"""Seconds without a served event after which the log names the blocking code."""
_INTERVAL_S = 0.5


class LoopWatch:
    """A thread that asks the loop for a sign of life and logs the stack of code that blocks it.

    Args:
        component: names the component in the log.
        loop: the loop.
        ident: the thread of the loop.
    """

    def __init__(self, component: str, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        self._component = component
        self._loop = loop
        self._ident = ident
        self._asked: float | None = None
        """The time of the question that the loop has not answered yet."""
        self._reported: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="loop-watch", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Does not wait for it."""
        self._stopped.set()

    def blocked_s(self) -> float:
        """Return the age of the unanswered question, and ask if none is open. Any thread."""
        asked = self._asked
        if asked is not None:
            return time.monotonic() - asked
        self._asked = time.monotonic()
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._answer)
        return 0.0

    def _answer(self) -> None:
        self._asked = None

    def _work(self) -> None:
        while not self._stopped.wait(_INTERVAL_S):
            blocked_s = self.blocked_s()
            asked = self._asked
            if blocked_s > _PATIENCE_S and asked != self._reported:
                self._reported = asked
                frame = sys._current_frames().get(self._ident)
                logger.warning(
                    "%s has blocked its event loop for %.1f s, so that no other call goes on: await in place "
                    "of blocking, or call asyncio.to_thread. The stack:\n%s",
                    self._component,
                    blocked_s,
                    "".join(traceback.format_stack(frame)) if frame is not None else "unknown",
                )
