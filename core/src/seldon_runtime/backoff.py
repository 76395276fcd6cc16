"""When a worker that has ended is started again, and when there is no point in it."""

from __future__ import annotations

_MOST_FAILURES = 5
_STABLE_S = 10.0
"""A worker that lived as long did not end because of how it started."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 30.0
_MOST_DOUBLINGS = 10
"""Beyond the longest delay; after days of failures no number could hold the power of two."""


class Backoff:
    """Counts workers that have ended before or soon after they were ready, since one was stable."""

    def __init__(self) -> None:
        self._failures = 0

    def count(self, *, was_ready: bool, age_s: float) -> None:
        """A worker has ended that should not have, when it had run for ``age_s`` seconds."""
        if was_ready and age_s > _STABLE_S:
            self._failures = 0
        self._failures += 1

    @property
    def is_hopeless(self) -> bool:
        """Whether so many have failed in a row that, unless another worker serves, the next one will too."""
        return self._failures >= _MOST_FAILURES

    @property
    def delay_s(self) -> float:
        """How long to wait before the next start: not at all, then longer and longer."""
        doublings = min(self._failures - 2, _MOST_DOUBLINGS)
        return min(_FIRST_DELAY_S * 2**doublings, _LONGEST_DELAY_S) if doublings >= 0 else 0.0
