"""The behavior of one RPC: the function that grpcio calls when a unary call arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc

from seldon_runtime_grpc.server.exchange import Exchange
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.thread_exchange import ThreadExchange

Begin = Callable[[bytes | None, Exchange], None]
"""Starts to answer a call; the request is None when the client sent none. Never blocks, never raises."""


class UnaryBehavior:
    """One RPC with one request and one answer.

    grpcio calls it on a thread of its pool. :class:`.CallPool` calls :attr:`begin` instead, without a thread.

    Args:
        begin: starts to answer a call.
        pending: bounds how many threads wait for a request.
    """

    def __init__(self, begin: Begin, pending: PendingRequests) -> None:
        self.begin = begin
        self._pending = pending

    def __call__(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """Wait for the answer of a call, and return it. Blocks."""
        exchange = ThreadExchange(context)
        try:
            request = self._pending.next(requests, context)
        except StopIteration:
            request = None
        self.begin(request, exchange)
        return exchange.wait()
