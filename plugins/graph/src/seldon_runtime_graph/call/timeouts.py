"""The time limit of each node's call: the client receives the error when it passes; the node runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from seldon_runtime.plugin import Ask, Done, ErrorCode, SeldonError, Steps

CallAt = Callable[[float, Callable[[], None]], Any]
"""Calls a function at a time of ``time.monotonic``; returns an object with ``release``."""


class BoundedCall:
    """The ``done`` of a call whose nodes have a time limit. Thread-safe.

    Args:
        done: receives the outcome, once.
        timeout_s: the limit of each node's call.
        call_at: sets the timers.
    """

    __slots__ = ("_call_at", "_done", "_open", "error", "timeout_s")

    def __init__(self, done: Done, timeout_s: float, call_at: CallAt) -> None:
        self._done = done
        self._call_at = call_at
        self._open = {None: None}  # taking the only entry out, in one step, decides who answers
        self.timeout_s = timeout_s
        self.error: SeldonError | None = None
        """The error that the client has received already."""

    def __call__(self, answer: Any, error: SeldonError | None) -> None:
        """Pass the outcome on, unless a node was too slow before."""
        if self._open.pop(None, self) is None:
            self._done(answer, error)

    def expire(self, name: str) -> None:
        """End the call because a node is too slow. Runs on the timers' thread."""
        if self._open.pop(None, self) is None:
            self.error = SeldonError(
                f"the node {name!r} did not answer within {self.timeout_s:g} s",
                code=ErrorCode.DEADLINE_EXCEEDED,
            )
            self._done(None, self.error)

    def bounded(self, steps: Steps) -> Steps:
        """Yield the steps of a walk with a limit for each; those of parallel children have their own.

        Raises:
            SeldonError: DEADLINE_EXCEEDED at the first step after the end of a call.
        """
        given: Any = None
        error: SeldonError | None = None
        while True:
            try:
                step = steps.send(given) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            given, error = None, None
            try:
                given = yield from self._taken(step)
            except SeldonError as raised:
                error = raised
            if self.error is not None:
                steps.close()
                raise self.error

    def _taken(self, step: Any) -> Steps:
        if not isinstance(step, Ask):
            answers = yield [self.bounded(branch) for branch in step]
            return answers  # type: ignore[no-any-return]
        name = str(step.unit.identity.unit)
        timer = self._call_at(time.monotonic() + self.timeout_s, lambda: self.expire(name))
        try:
            answer = yield step
            return answer  # type: ignore[no-any-return]
        finally:
            timer.release()
