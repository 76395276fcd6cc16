"""Clients that call again and again, and check every answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable

from seldon_runtime.testing import WAIT_S
from tests.support.callers import CALLERS


class Load:
    """``clients`` threads that call one transport of a process until they are stopped.

    Each pauses for ``pause_s`` before a call. A client that fails connects anew and goes on.
    """

    def __init__(self, transport: str, port: int, clients: int = 8, pause_s: float = 0.0) -> None:
        self.failures: list[str] = []
        self.answered: Counter[str] = Counter()
        """The number of answers by process."""
        self._pause_s = pause_s
        self._make = lambda: CALLERS[transport](port)
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, args=(i,)) for i in range(clients)]
        for thread in self._threads:
            thread.start()

    def _work(self, client: int) -> None:
        caller = self._make()
        for number in itertools.count():
            if self._stop.wait(self._pause_s):
                break
            text = f"{client}-{number}"
            try:
                echo, process = caller(text)
                if echo != text:
                    raise AssertionError(f"{echo!r} came back for {text!r}")
            except Exception as error:  # noqa: BLE001 - whatever a client may see is a failure
                with self._changed:
                    self.failures.append(f"{type(error).__name__}: {error}")
                    self._changed.notify_all()
                caller.close()
                caller = self._make()
                time.sleep(0.01)  # not to spin while nobody listens
            else:
                with self._changed:
                    self.answered[process] += 1
                    self._changed.notify_all()
        caller.close()

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
        """Wait until ``condition`` holds; it is checked after every answer and failure."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), f"no {what}: {self.failures[-3:]}"

    def wait_for_answers(self, more: int = 50) -> None:
        """Wait until that many more answers have come."""
        goal = self.answered.total() + more
        self.wait_for(lambda: self.answered.total() >= goal, f"{more} more answers")

    def wait_for_processes(self, count: int, other_than: frozenset[str] = frozenset()) -> frozenset[str]:
        """Wait until that many other processes have answered; return them."""
        self.wait_for(lambda: len(self.answered.keys() - other_than) >= count, f"{count} new processes")
        return frozenset(self.answered.keys() - other_than)

    def stop(self) -> None:
        """Begin no further call, and wait for the last ones."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
