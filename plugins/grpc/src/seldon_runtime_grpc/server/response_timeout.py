"""The timeout for clients that do not read their answers, which grpcio would keep for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import grpc

from seldon_runtime.plugin import Service

logger = logging.getLogger(__name__)

WATCHED_BYTES = 16 * 1024
"""The least size of an answer that is watched: smaller answers take little memory."""
_BYTES_PER_S = 64 * 1024
"""How many bytes of an answer a client must read in each second after the first ``timeout_s``."""


class ResponseTimeout:
    """Cancels calls whose clients do not read their answers. Thread-safe.

    Args:
        service: the service whose timers are used.
        timeout_s: seconds in which a client must read an answer; it gets one more second for each 64 KiB.
    """

    def __init__(self, service: Service, timeout_s: float) -> None:
        self._timers = service.timers
        self._timeout_s = timeout_s

    def watch(self, context: grpc.ServicerContext, size: int) -> None:
        """Watch a call that is about to be answered with ``size`` bytes. Never blocks."""
        timer = self._timers.call_at(self._end(size), partial(_cancel, context))
        if not context.add_callback(timer.release):
            timer.cancel()  # the call is over: without the timer, grpcio can free the call's memory

    @contextmanager
    def sending(self, context: grpc.ServicerContext, size: int) -> Iterator[None]:
        """Watch a call while it sends ``size`` bytes, one of several messages."""
        if size < WATCHED_BYTES:
            yield
            return
        timer = self._timers.call_at(self._end(size), partial(_cancel, context))
        try:
            yield
        finally:
            timer.release()

    def _end(self, size: int) -> float:
        return time.monotonic() + self._timeout_s + size / _BYTES_PER_S


def _cancel(context: grpc.ServicerContext) -> None:
    logger.debug("cancelling a call: the client %s does not read its answer", context.peer())
    context.cancel()
