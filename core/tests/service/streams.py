"""A stream of numbers, and calls that it answers."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call, Outcome, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.testing import WAIT_S


class Counts(Stream):
    """Gives 0, 1, 2 …; fails or waits at a number."""

    def __init__(self, length: int, fails_at: int | None = None) -> None:
        self.made = 0
        self.closed = 0
        self._length = length
        self._fails_at = fails_at

    def next(self) -> Message | None:
        if self.made == self._fails_at:
            raise ValueError("no more")
        if self.made == self._length:
            return None
        self.made += 1
        return Message(Payload(Kind.STR, f"{self.made - 1} {request_id()}"))

    def close(self) -> None:
        self.closed += 1


class Streams(Predictor):
    """Answers with a stream, and text with itself."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    @property
    def methods(self) -> frozenset[Method]:
        return frozenset({Method.PREDICT})

    def predict(self, method: Method, request: Request) -> Message | Stream:
        assert isinstance(request, Message)
        assert request.payload is not None
        return self.stream if request.payload.value == "stream" else request


class Sees(Observer):
    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def call(text: str = "stream", **fields: Any) -> Call:
    wire = Message(Payload(Kind.STR, text))
    return Call(Method.PREDICT, wire, NeutralCodec(), "test", **{"accepts_stream": True, **fields})


def pulled(stream: OpenStream) -> Any:
    """The next item's text, None at the end, or the error."""
    told: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    stream.pull(lambda item, error: told.put((item, error)))
    item, error = told.get(timeout=WAIT_S)
    if error is not None:
        raise error
    return None if item is None else item.payload.value
