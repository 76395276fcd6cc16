"""The threads that calls wait in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

logger = logging.getLogger(__name__)


class Submitted:
    """What grpc gets for a call, in place of a future: a fifth of a call's cost would go into those."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call it at once: grpc counts calls with it, for a limit that this server leaves unset."""
        callback(self)


SUBMITTED = Submitted()


class Threads:
    """Runs what grpc submits: as much of what it uses of a ``ThreadPoolExecutor`` as it needs.

    A thread is made when all those there are have work, so a few clients need a few.

    Args:
        most: threads; what comes beyond waits for one of them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made = 0
        self._unfinished = 0
        self._counting = threading.Lock()
        self._tasks: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]] | None] = SimpleQueue()

    def submit(self, function: Callable[..., object], *arguments: Any) -> Submitted:
        """Have a thread call ``function``; never blocks.

        Raises:
            RuntimeError: the system has no thread, and there is none yet.
        """
        with self._counting:
            self._unfinished += 1
            if self._made < min(self._unfinished, self._most):
                self._make()
        self._tasks.put((function, arguments))
        return SUBMITTED

    def _make(self) -> None:
        thread = threading.Thread(target=self._work, name=f"grpc-{self._made}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if not self._made:
                raise
            logger.warning("%s: the call waits for one of %d threads", error, self._made)
        else:
            self._made += 1

    def shutdown(self) -> None:
        """Have the threads end when they have done what was submitted."""
        with self._counting:
            for _ in range(self._made):
                self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            function, arguments = task
            try:
                function(*arguments)
            except BaseException:  # what a handler raises is grpc's to answer: this is a fault of grpc's
                logger.exception("a thread of the gRPC server failed")
            del task, function, arguments  # a whole request: not until the next one comes
            with self._counting:
                self._unfinished -= 1
