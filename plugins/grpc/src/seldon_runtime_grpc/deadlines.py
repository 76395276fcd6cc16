"""What happens to a call at a certain time, if it is not over by then."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

logger = logging.getLogger(__name__)

Waiting = list[Callable[[], None]]
"""What to call at the deadline; whoever takes it out before, ends the call in another way."""

_FEW = 1000


class Deadlines:
    """One thread for all of them; it is made with the first. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Waiting]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._most = _FEW
        self._ended = False
        self._thread: threading.Thread | None = None

    def watch(self, deadline: float, waiting: Waiting) -> None:
        """Call what is in ``waiting`` at ``deadline``, on the clock of ``time.monotonic``. Never blocks."""
        with self._changed:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._work, name="grpc-deadlines", daemon=True)
                self._thread.start()
            if len(self._waiting) >= self._most:  # most are over long before
                self._waiting = [entry for entry in self._waiting if entry[2]]
                heapq.heapify(self._waiting)
                self._most = max(_FEW, 2 * len(self._waiting))
            entry = (deadline, next(self._numbers), waiting)
            heapq.heappush(self._waiting, entry)
            if self._waiting[0] is entry:
                self._changed.notify()

    def stop(self) -> None:
        """Watch no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            try:
                end = waiting.pop()
            except IndexError:  # it is over
                continue
            try:
                end()
            except Exception:  # the thread has others to tell
                logger.exception("a call could not be ended at its time")

    def _next(self) -> Waiting | None:
        """The next one whose time has come; None at the end."""
        with self._changed:
            while not self._ended:
                while self._waiting and not self._waiting[0][2]:  # over: no reason to wake up
                    heapq.heappop(self._waiting)
                remaining_s = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if remaining_s is None or remaining_s > 0:
                    self._changed.wait(remaining_s)
                else:
                    return heapq.heappop(self._waiting)[2]
        return None
