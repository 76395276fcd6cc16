"""The pool of threads that wait for requests and answers of calls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

logger = logging.getLogger(__name__)


class Submitted:
    """The result of a submission, in place of a future: futures would take a fifth of a call's time."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call it at once: grpcio only counts calls with it, for a limit that this server leaves unset."""
        callback(self)


SUBMITTED = Submitted()


class ThreadPool:
    """Runs what grpcio submits: the part of a ``ThreadPoolExecutor`` that grpcio uses.

    It starts a thread when all existing threads have work, so a few clients need a few threads.

    Args:
        max_threads: further tasks wait for one of these threads.
    """

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._started = 0
        self._unfinished = 0
        self._counting = threading.Lock()
        self._tasks: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]] | None] = SimpleQueue()

    def submit(self, function: Callable[..., object], *arguments: Any) -> Submitted:
        """Have a thread call ``function``. Never blocks.

        Raises:
            RuntimeError: the system cannot start a thread, and the pool has none yet.
        """
        with self._counting:
            self._unfinished += 1
            if self._started < min(self._unfinished, self._max_threads):
                self._start_thread()
        self._tasks.put((function, arguments))
        return SUBMITTED

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"grpc-call-{self._started}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if not self._started:
                raise
            logger.warning("%s: the call waits for one of %d threads", error, self._started)
        else:
            self._started += 1

    def shutdown(self) -> None:
        """Have the threads end after the submitted tasks. Returns at once."""
        with self._counting:
            for _ in range(self._started):
                self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            function, arguments = task
            try:
                function(*arguments)
            except BaseException:  # grpcio handles exceptions of behaviors: this one is a fault of grpcio
                logger.exception("a thread of the gRPC server failed")
            del task, function, arguments  # they hold a whole request: release it before the next wait
            with self._counting:
                self._unfinished -= 1
