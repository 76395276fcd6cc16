"""Calls whose request has not arrived yet: grpcio keeps memory, and in its pool a thread, for each."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import grpc

logger = logging.getLogger(__name__)


class PendingRequests:
    """Bounds how many calls wait for their requests. Thread-safe.

    Otherwise a client could hold all threads, or any amount of memory, with the headers of calls alone. The
    call that has waited longest is cancelled: a request takes long to arrive only by intent, or when it is
    large and the network slow.

    Args:
        limit: how many calls may wait. A pool whose threads wait must have more threads.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # No thread needs a lock: the methods of an OrderedDict are atomic.
        self._waiting: OrderedDict[grpc.ServicerContext, None] = OrderedDict()
        self._warned = False

    def next(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Any:
        """Return the next message of a call. Blocks until it is there.

        Raises:
            StopIteration: the client sends no further message.
            Exception: the client or this limit has cancelled the call; ``context.abort`` raises it.
        """
        self.add(context)
        try:
            return next(messages)
        except grpc.RpcError as error:
            # grpcio's call keeps the error, and its traceback the call: only the garbage collector would free
            # both, and until then the call counts as one of its connection's streams.
            error.__traceback__ = None
            context.abort(grpc.StatusCode.CANCELLED, "the call ended before its message came")
        finally:
            self.remove(context)

    def each(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        """Yield all messages of a call, each waited for as in :meth:`next`. Raises as :meth:`next` does."""
        while True:
            try:
                message = self.next(messages, context)
            except StopIteration:
                return
            yield message

    def add(self, context: grpc.ServicerContext) -> None:
        """Count a call that waits for its request; cancel the oldest one beyond the limit."""
        self._waiting[context] = None
        if len(self._waiting) > self._limit:
            self._cancel_oldest()

    def remove(self, context: grpc.ServicerContext) -> None:
        """Stop counting a call."""
        self._waiting.pop(context, None)

    def __len__(self) -> int:
        return len(self._waiting)

    def _cancel_oldest(self) -> None:
        context, _ = self._waiting.popitem(last=False)
        if not self._warned:
            self._warned = True
            logger.warning(
                "%d calls wait for their message; for each further one the oldest, now from %s, is cancelled",
                self._limit,
                context.peer(),
            )
        context.cancel()
