"""The threads for health and reflection, which answer also while the component is busy or hangs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from seldon_runtime_grpc.server.pending_requests import PendingRequests

_THREADS = 64
_PENDING = 32
"""How many of these threads may wait for a client's message."""

Behavior = Callable[..., Any]


class ProbePool:
    """Runs the calls of health and reflection, and ends their open streams."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "grpc-probes")
        self._pending = PendingRequests(_PENDING)
        self._streams: set[grpc.ServicerContext] = set()

    def unary(self, kind: type[Message], behavior: Behavior, *, non_blocking: bool = False) -> Behavior:
        """Return a behavior for calls with one request, which it parses as ``kind``."""

        def first(messages: Iterator[bytes], context: grpc.ServicerContext, *send: Any) -> Any:
            try:
                message = self._pending.next(messages, context)
            except StopIteration:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the call has no message, expected one")
            return behavior(_parsed(kind, message, context), context, *send)

        return _ProbeBehavior(first, self._threads, self._streams, non_blocking=non_blocking)

    def stream(self, kind: type[Message], behavior: Behavior) -> Behavior:
        """Return a behavior for calls with a stream of requests, which it parses as ``kind``."""

        def all_of_them(messages: Iterator[bytes], context: grpc.ServicerContext) -> Any:
            each = self._pending.each(messages, context)
            return behavior((_parsed(kind, message, context) for message in each), context)

        return _ProbeBehavior(all_of_them, self._threads, self._streams)

    def contexts(self) -> Sequence[grpc.ServicerContext]:
        """Return the contexts of the open calls."""
        return tuple(self._streams)

    def end_streams(self) -> None:
        """Cancel the streams that clients keep open."""
        for context in tuple(self._streams):
            context.cancel()

    def stop(self) -> None:
        """Cancel all streams, and end the threads."""
        self.end_streams()
        self._threads.shutdown(wait=False)


class _ProbeBehavior:
    """A behavior that runs in its own pool. grpcio reads the two public attributes."""

    def __init__(
        self,
        behavior: Behavior,
        pool: ThreadPoolExecutor,
        streams: set[grpc.ServicerContext],
        *,
        non_blocking: bool = False,
    ) -> None:
        self.experimental_thread_pool = pool
        self.experimental_non_blocking = non_blocking
        self._behavior = behavior
        self._streams = streams

    def __call__(self, requests: Iterator[bytes], context: grpc.ServicerContext, *send: Any) -> Any:
        self._streams.add(context)
        if not context.add_callback(lambda: self._streams.discard(context)):
            self._streams.discard(context)
        return self._behavior(requests, context, *send)


def _parsed(kind: type[Message], message: bytes, context: grpc.ServicerContext) -> Any:
    """Return the parsed message, without the traceback that grpcio would log for an invalid message."""
    try:
        return kind.FromString(message)
    except DecodeError as error:
        name = kind.DESCRIPTOR.full_name
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request is not a valid {name}: {error}")
