"""Threads for requests that Flask or Werkzeug reads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from seldon_runtime.plugin import Done, ErrorCode, SeldonError
from seldon_runtime_rest.response import fault

logger = logging.getLogger(__name__)

MOST_THREADS = 16
Work = Callable[[Done], None]


class RequestThreads:
    """A pool of at most 16 threads, which start when they are needed, with a bounded queue. Thread-safe.

    Args:
        most_waiting: how many requests may wait for a thread.
    """

    def __init__(self, most_waiting: int) -> None:
        self._waiting: deque[tuple[Work, Done]] = deque()
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._idle = 0
        """The number of threads without work. Each takes one of the waiting requests, if there are any."""
        self._threads = 0
        self._is_stopped = False

    @property
    def waiting(self) -> int:
        """Return how many requests wait for a thread."""
        return len(self._waiting)

    def run(self, work: Work, done: Done) -> None:
        """Call ``work(done)`` on a thread; pass an exception of ``work`` to ``done`` as an error.

        Raises:
            SeldonError: OVERLOADED, when too many requests wait.
        """
        with self._changed:
            if self._idle <= len(self._waiting) and self._threads < MOST_THREADS:
                self._threads += 1
                threading.Thread(target=self._serve, args=(work, done), name="rest-form", daemon=True).start()
                return
            if len(self._waiting) - self._idle >= self._most_waiting:
                raise SeldonError(
                    f"{self._most_waiting} requests wait for a thread; try again later",
                    code=ErrorCode.OVERLOADED,
                    headers={"Retry-After": "1"},
                )
            self._waiting.append((work, done))
            self._changed.notify()

    def stop(self) -> None:
        """End the threads once no request waits."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def _serve(self, work: Work, done: Done) -> None:
        task: tuple[Work, Done] | None = (work, done)
        del work, done  # or an idle thread would keep its first request
        while task is not None:
            _run(*task)
            task = None
            task = self._next()

    def _next(self) -> tuple[Work, Done] | None:
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._is_stopped:
                self._changed.wait()
            self._idle -= 1
            return self._waiting.popleft() if self._waiting else None


def _run(work: Work, done: Done) -> None:
    try:
        work(done)
    except SeldonError as error:
        done(None, error)
    except Exception:  # the last boundary: the client still waits for its response
        logger.exception("a request failed in the REST transport")
        done(None, fault())
