"""The pace of the user's method, which decides whether batches pay."""

from __future__ import annotations

import time
from itertools import cycle

from seldon_runtime.plugin import Message, Method, Predict, Request, Stream

_QUICK_S = 30e-6
"""Seconds of a call of the user's method. In a shorter one, joining rows costs more than it saves."""
_TRIALS = 64
"""One call in so many is batched to find out whether a quick method has become slow."""


class Pace:
    """The time of the last batch's prediction. Its calls may come from several threads."""

    def __init__(self) -> None:
        self._last_s = 1.0
        self._trial = cycle(range(_TRIALS))

    def is_quick(self) -> bool:
        """Return whether a call had better run alone. False once in a while, so that a batch is measured."""
        return self._last_s < _QUICK_S and next(self._trial) > 0

    def measured(self, predict: Predict) -> Predict:
        """Return ``predict`` that measures itself."""

        def measured(method: Method, request: Request) -> Message | Stream:
            began = time.perf_counter()
            try:
                return predict(method, request)
            finally:
                self._last_s = time.perf_counter() - began

        return measured
