"""The jobs that wait for a batch."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """Something that waits."""

    @property
    def submitted(self) -> float:
        """The time from which it has waited (``time.perf_counter``)."""


T = TypeVar("T", bound=Timed)

LOOK_S = 0.005
"""Seconds after which a component that waits for more jobs looks whether others need its thread."""
_SHORTEST_LOOK_S = 0.0005
_LOOKS = 10
"""The looks during a short wait."""


class Waiting(Generic[T]):
    """The waiting jobs of one group, with a task of the executor for each. Thread-safe.

    Each task calls :meth:`take`; tasks of async methods :meth:`begin`.
    """

    def __init__(self) -> None:
        self._jobs: deque[T] = deque()
        self._spent_tasks = 0
        """The queued tasks whose jobs earlier batches have taken."""
        self._is_under_way = False
        self._is_awaited = False
        """True once a task has waited for jobs; most components never do."""
        self._arrived = threading.Condition()  # may be entered again

    def add(self, job: T) -> None:
        """Add a job at the end."""
        with self._arrived:
            self._jobs.append(job)
            if self._is_awaited:
                self._arrived.notify()

    def remove(self, job: T) -> bool:
        """Remove a job; return False if a batch has taken it already."""
        with self._arrived:
            try:
                self._jobs.remove(job)
            except ValueError:
                return False
            return True

    @property
    def tasks(self) -> int:
        """The number of tasks of the executor for jobs here: those that wait, and that which takes them."""
        return len(self._jobs) + self._spent_tasks

    def is_idle(self) -> bool:
        """Return whether no call waits and no batch is under way."""
        with self._arrived:
            return not self._jobs and not self._is_under_way

    def begin(self) -> bool:
        """Begin to answer the waiting jobs; return False if that is under way already. For async methods."""
        with self._arrived:
            begins = not self._is_under_way
            self._is_under_way = True
            return begins

    def take_or_end(self, max_size: int) -> list[T]:
        """Return the jobs of the next batch; none ends what :meth:`begin` began."""
        with self._arrived:
            self._is_under_way = bool(self._jobs)
            return [self._jobs.popleft() for _ in range(min(max_size, len(self._jobs)))]

    def missing_s(self, max_size: int, wait_s: float) -> float:
        """Return the seconds that the first job may still wait for a batch of ``max_size``, or 0."""
        with self._arrived:
            if not 0 < len(self._jobs) < max_size:
                return 0.0
            return max(0.0, self._jobs[0].submitted + wait_s - time.perf_counter())

    def take(
        self,
        max_size: int,
        wait_s: float,
        is_idle: Callable[[int], bool],
        gives_way: Callable[[], bool],
    ) -> list[T] | None:
        """Return the jobs of the next batch; none for a task whose job an earlier batch has taken.

        Blocks until the batch is full or the first job has waited ``wait_s`` seconds, as long as
        ``is_idle(n)`` is true for the ``n`` jobs that wait here.

        Args:
            max_size: the largest batch.
            wait_s: seconds.
            is_idle: returns whether nobody else needs the thread.
            gives_way: returns whether others that need it are to have it first.

        Returns:
            The jobs; None to give way: the task must be queued again.
        """
        look_s = min(LOOK_S, max(_SHORTEST_LOOK_S, wait_s / _LOOKS))
        with self._arrived:
            if self._spent_tasks:
                self._spent_tasks -= 1
                return []
            while wait_s and (left_s := self.missing_s(max_size, wait_s)):
                if is_idle(len(self._jobs)):
                    self._is_awaited = True
                    self._arrived.wait(min(left_s, look_s))
                elif gives_way():
                    return None
                else:
                    break
            taken = [self._jobs.popleft() for _ in range(min(max_size, len(self._jobs)))]
            self._spent_tasks += max(0, len(taken) - 1)
            return taken
