"""Reports of plugins that hold up the start, since nothing else would say who blocks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class SlowStart:
    """A thread that logs what the start waits for. It lives while the start waits for a plugin.

    Args:
        first_s: seconds until the first report.
        again_s: seconds between further reports.
    """

    def __init__(self, first_s: float = 5.0, again_s: float = 30.0) -> None:
        self._first_s = first_s
        self._again_s = again_s
        self._lock = threading.Condition()
        self._awaited: list[tuple[str, float]] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """Report ``what`` as long as the block runs, once it takes too long."""
        entry = (what, time.monotonic())
        with self._lock:
            self._awaited.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="slow-start", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._awaited.remove(entry)
                self._lock.notify()

    def _work(self) -> None:
        reported: dict[tuple[str, float], float] = {}
        with self._lock:
            while self._awaited:
                self._lock.wait(self._first_s / 5)
                now = time.monotonic()
                for entry in self._awaited:
                    what, since = entry
                    if now >= reported.get(entry, since + self._first_s):
                        reported[entry] = now + self._again_s
                        logger.warning("the start still waits for %s, since %.0f s", what, now - since)
            self._thread = None


waiting_for = SlowStart().waiting_for
