"""Answers that have gone out and may not be taken: grpc keeps them for as long as the client likes."""

from __future__ import annotations

import logging
import time
from functools import partial

import grpc

from seldon_runtime_grpc.deadlines import Deadlines, Waiting

logger = logging.getLogger(__name__)

_LEAST_BYTES = 16 * 1024
"""Smaller answers cost too little to be watched."""
_RATE = 64 * 1024
"""Bytes for which a client has another second."""


class Departures:
    """Ends calls whose clients do not take their answers.

    Args:
        deadlines: tells when a client's time is over.
        within_s: how long a client has, and one second more for each 64 KiB.
    """

    def __init__(self, deadlines: Deadlines, within_s: float) -> None:
        self._deadlines = deadlines
        self._within_s = within_s

    def watch(self, context: grpc.ServicerContext, size: int) -> None:
        """The call is about to be answered with ``size`` bytes. Never blocks."""
        if size < _LEAST_BYTES:
            return
        waiting: Waiting = [partial(_end, context)]
        if context.add_callback(waiting.clear):  # else it is over, and grpc may free what it kept for it
            self._deadlines.watch(time.monotonic() + self._within_s + size / _RATE, waiting)


def _end(context: grpc.ServicerContext) -> None:
    logger.debug("%s does not take its answer; its call is cancelled", context.peer())
    context.cancel()
