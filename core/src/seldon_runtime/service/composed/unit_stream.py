"""The stream of one component of a service of several."""

from __future__ import annotations

from collections.abc import Awaitable

from seldon_runtime.inference.message import Message
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.unit import Unit


class UnitStream(Stream):
    """The stream of a component of a service, as its step returns it.

    Return it from the steps as it is, or a subclass of it that changes :meth:`next`.

    Args:
        stream: the component's stream.
        unit: the component, on whose thread the stream runs.
        method: the method that answered with the stream.
    """

    def __init__(self, stream: Stream, unit: Unit, method: Method) -> None:
        self._stream = stream
        self.headers = stream.headers
        self.unit = unit
        self.method = method

    def next(self) -> Message | Awaitable[Message | None] | None:
        """Return the component's next item."""
        if not self.unit.executor.is_current:
            raise RuntimeError("the stream of a component runs on its own thread: return it as it is")
        return self._stream.next()

    def interrupt(self, error: BaseException) -> Awaitable[None] | None:
        """Raise an error in the component's stream."""
        return self._stream.interrupt(error)

    def close(self) -> Awaitable[None] | None:
        """Close the component's stream."""
        return self._stream.close()
