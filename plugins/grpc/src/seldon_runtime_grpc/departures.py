"""Answers that have gone out and may not be taken: grpc keeps them for as long as the client likes."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from itertools import count

import grpc

logger = logging.getLogger(__name__)

_LEAST_BYTES = 16 * 1024
"""Smaller answers cost too little to be watched."""
_RATE = 64 * 1024
"""Bytes for which a client has another second."""


class Departures:
    """Ends calls whose clients do not take their answers.

    Args:
        within_s: how long a client has, and one second more for each 64 KiB.
    """

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._watched: list[tuple[float, int, list[grpc.ServicerContext]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def watch(self, context: grpc.ServicerContext, size: int) -> None:
        """The call is about to be answered with ``size`` bytes. Never blocks."""
        if size < _LEAST_BYTES:
            return
        calls = [context]
        if not context.add_callback(calls.clear):  # over, and grpc may free what it kept for it
            return
        with self._changed:
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._work, name="grpc-departures", daemon=True)
                self._thread.start()
            end = time.monotonic() + self._within_s + size / _RATE
            heapq.heappush(self._watched, (end, next(self._numbers), calls))
            self._changed.notify()

    def stop(self) -> None:
        """Watch no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _work(self) -> None:
        with self._changed:
            while not self._ended:
                remaining_s = self._watched[0][0] - time.monotonic() if self._watched else None
                if remaining_s is None or remaining_s > 0:
                    self._changed.wait(remaining_s)
                    continue
                for context in heapq.heappop(self._watched)[2]:
                    logger.debug("%s does not take its answer; its call is cancelled", context.peer())
                    context.cancel()
