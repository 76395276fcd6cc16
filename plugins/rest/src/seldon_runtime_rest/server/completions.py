"""Answers on their way from other threads to the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

from seldon_runtime.plugin import SeldonError

logger = logging.getLogger(__name__)


class Awaiting(Protocol):
    """A request that waits for its answer."""

    def answer(self, answer: Any, error: SeldonError | None) -> None:
        """Take the answer, on the event loop's thread."""


class Completions:
    """The answers of one server. One wake-up of its event loop delivers all that came meanwhile.

    Args:
        loop: delivers the answers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answered: deque[tuple[Awaiting, Any, SeldonError | None]] = deque()
        self._is_woken = False

    def add(self, request: Awaiting, answer: Any, error: SeldonError | None) -> None:
        """Have an answer delivered. Thread-safe; returns at once."""
        self._answered.append((request, answer, error))
        if not self._is_woken:
            self._is_woken = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop has ended: no client waits any more
                logger.debug("dropped an answer: its transport has stopped")

    def _deliver(self) -> None:
        self._is_woken = (
            False  # first: an answer that is added from now on may wake once more, but is never left
        )
        for _ in range(len(self._answered)):  # those that come from now on would hold up the sockets
            request, answer, error = self._answered.popleft()
            request.answer(answer, error)
