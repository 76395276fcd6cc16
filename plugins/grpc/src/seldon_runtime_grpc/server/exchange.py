"""The interface that sends the answer or the error of a unary call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import grpc

from seldon_runtime_grpc.status import Status


class Exchange(ABC):
    """One call with one request and one answer.

    The first answer or error counts, later ones are ignored. Both methods may be called from any thread, and
    never block.
    """

    __slots__ = ()

    context: grpc.ServicerContext
    """grpcio's own view of the call: metadata, deadline, peer, cancellation."""

    @abstractmethod
    def answer(self, message: bytes, trailing_metadata: Sequence[tuple[str, str]] = ()) -> None:
        """Send the serialized answer."""

    @abstractmethod
    def refuse(self, status: Status) -> None:
        """Send an error."""
