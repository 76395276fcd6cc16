"""The exchange that uses grpcio's public interface: a pool thread waits for the answer and returns it."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue

import grpc

from seldon_runtime_grpc.server.exchange import Exchange
from seldon_runtime_grpc.status import Status

_Outcome = tuple[bytes, Sequence[tuple[str, str]], Status | None]


class ThreadExchange(Exchange):
    """An exchange whose call occupies a thread of grpcio's pool.

    Args:
        context: grpcio's context of the call.
    """

    __slots__ = ("_outcomes", "context")

    def __init__(self, context: grpc.ServicerContext) -> None:
        self.context = context
        self._outcomes: SimpleQueue[_Outcome] = SimpleQueue()

    def answer(self, message: bytes, trailing_metadata: Sequence[tuple[str, str]] = ()) -> None:
        """Hand the answer to the thread in :meth:`wait`. Any thread may call this."""
        self._outcomes.put((message, trailing_metadata, None))

    def refuse(self, status: Status) -> None:
        """Hand the error to the thread in :meth:`wait`. Any thread may call this."""
        self._outcomes.put((b"", (), status))

    def wait(self) -> bytes:
        """Block until there is an outcome, and return the serialized answer, as grpcio expects it.

        Raises:
            Exception: the outcome is an error; ``context.abort_with_status`` raises it.
        """
        message, trailing_metadata, status = self._outcomes.get()
        if status is not None:
            self.context.abort_with_status(status)
        if trailing_metadata:
            self.context.set_trailing_metadata(tuple(trailing_metadata))
        return message
