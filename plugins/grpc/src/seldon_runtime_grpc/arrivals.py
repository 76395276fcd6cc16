"""Calls whose message has not come yet: grpc keeps something for each, and in its pool a thread waits."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import grpc

logger = logging.getLogger(__name__)


class Arrivals:
    """Bounds how many calls wait for messages.

    Else a client could hold all threads, or any amount of memory, with the heads of calls alone. It is
    the call that waits for the longest time that has to go: a message takes long to come only by intent, or
    when it is large and the network slow.

    Args:
        most: calls that may wait. A pool in which threads wait must have more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # No thread needs a lock: its methods are atomic.
        self._waiting: OrderedDict[grpc.ServicerContext, None] = OrderedDict()
        self._told = False

    def next(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Any:
        """The next message of a call; blocks until it is there.

        Raises:
            StopIteration: there is none.
            Exception: as ``context.abort`` does; the call has ended meanwhile, by the client, or because it
                had to go.
        """
        self.add(context)
        try:
            return next(messages)
        except grpc.RpcError as error:
            # grpc's call keeps the error, and its traceback the call: only the garbage collector would free
            # both, and until then the call counts as one of its connection's streams.
            error.__traceback__ = None
            context.abort(grpc.StatusCode.CANCELLED, "the call ended before its message came")
        finally:
            self.remove(context)

    def add(self, context: grpc.ServicerContext) -> None:
        """The call waits for its message."""
        self._waiting[context] = None
        if len(self._waiting) > self._most:
            self._send_away_oldest()

    def remove(self, context: grpc.ServicerContext) -> None:
        """It does not any more."""
        self._waiting.pop(context, None)

    def each(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        """All messages of a call, each waited for like the first. Raises as :meth:`next` does."""
        while True:
            try:
                message = self.next(messages, context)
            except StopIteration:
                return
            yield message

    def _send_away_oldest(self) -> None:
        context, _ = self._waiting.popitem(last=False)
        if not self._told:
            self._told = True
            logger.warning(
                "%d calls wait for their message; for each further one the oldest, now from %s, is cancelled",
                self._most,
                context.peer(),
            )
        context.cancel()
