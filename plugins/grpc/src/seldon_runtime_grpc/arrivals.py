"""Calls whose message has not come yet: grpc's server has a thread wait for each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import grpc

logger = logging.getLogger(__name__)


class Arrivals:
    """Bounds how many threads wait for messages.

    Else a client could hold all of them with the heads of calls alone, and nobody would be served. It is
    the call that waits for the longest time that has to go: a message takes long to come only by intent, or
    when it is large and the network slow.

    Args:
        most: threads that may wait. The pool must have more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[grpc.ServicerContext, None] = {}
        self._changing = threading.Lock()
        self._told = False

    def next(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Any:
        """The next message of a call; blocks until it is there.

        Raises:
            StopIteration: there is none.
            grpc.RpcError: the call has ended meanwhile, by the client, or because it had to go.
        """
        with self._changing:
            self._waiting[context] = None
            oldest = next(iter(self._waiting)) if len(self._waiting) > self._most else None
            if oldest is not None:
                del self._waiting[oldest]
        if oldest is not None:
            self._send_away(oldest)
        try:
            return next(messages)
        finally:
            with self._changing:
                self._waiting.pop(context, None)

    def each(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        """All messages of a call, each waited for like the first. Raises as :meth:`next` does."""
        while True:
            try:
                message = self.next(messages, context)
            except StopIteration:
                return
            yield message

    def _send_away(self, context: grpc.ServicerContext) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "%d calls wait for their message; for each further one the oldest, now from %s, is cancelled",
                self._most,
                context.peer(),
            )
        context.cancel()
