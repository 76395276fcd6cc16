"""The policy for restarting workers that ended unexpectedly: delays, and when to give up."""

from __future__ import annotations

_MOST_FAILURES = 5
_STABLE_S = 10.0
"""The life time from which on a worker's end does not count as a failed start."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 30.0
_MOST_DOUBLINGS = 10
"""A limit beyond the longest delay: after days of failures the power of two would overflow."""


class RestartPolicy:
    """The count of workers that ended before or soon after they were ready, since the last stable one."""

    def __init__(self) -> None:
        self._failures = 0

    def count(self, *, was_ready: bool, age_s: float) -> None:
        """Count a worker that ended unexpectedly after ``age_s`` seconds."""
        if was_ready and age_s > _STABLE_S:
            self._failures = 0
        self._failures += 1

    @property
    def is_hopeless(self) -> bool:
        """True after so many failures in a row that only a worker which serves justifies another start."""
        return self._failures >= _MOST_FAILURES

    @property
    def delay_s(self) -> float:
        """The delay before the next start: 0 at first, then doubling."""
        doublings = min(self._failures - 2, _MOST_DOUBLINGS)
        return min(_FIRST_DELAY_S * 2**doublings, _LONGEST_DELAY_S) if doublings >= 0 else 0.0
