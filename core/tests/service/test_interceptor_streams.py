"""Interceptors of streams: they see each item, and a fault of theirs ends the stream."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., ComponentService]


class Three(Stream):
    def __init__(self) -> None:
        self.left = 3

    def next(self) -> Message | None:
        self.left -= 1
        return Message(Payload(Kind.STR, str(self.left))) if self.left >= 0 else None


class Streams(Predictor):
    methods = frozenset({Method.PREDICT})

    def predict(self, method: Method, request: Request) -> Message | Stream:
        return Three() if request.payload.value == "stream" else request  # type: ignore


def pulled(service: ComponentService) -> list[Any]:
    wire = Message(Payload(Kind.STR, "stream"))
    stream = service.call(Call(Method.PREDICT, wire, NeutralCodec(), "test", accepts_stream=True))
    items: SimpleQueue[Any] = SimpleQueue()
    texts = []
    while True:
        stream.pull(lambda item, error: items.put(error or item))
        item = items.get(timeout=WAIT_S)
        if not isinstance(item, Message):
            return [*texts, item]
        texts.append(item.payload.value)  # type: ignore[union-attr]


def test_an_interceptor_can_tell_an_item_of_a_stream_from_an_answer(serve: Serve) -> None:
    class Tells(Interceptor):
        def after(self, call: Call, answer: Message) -> Message:
            return Message(Payload(Kind.STR, f"answer {answer.payload.value}"))  # type: ignore[union-attr]

        def after_item(self, call: Call, item: Message) -> Message:
            return Message(Payload(Kind.STR, f"item {item.payload.value}"))  # type: ignore[union-attr]

    service = serve(Streams())
    service.attach([], [Tells()])
    assert pulled(service) == ["item 2", "item 1", "item 0", None]
    wire = Message(Payload(Kind.STR, "x"))
    assert service.call(Call(Method.PREDICT, wire, NeutralCodec(), "test")).payload.value == "answer x"


def test_without_a_phase_for_items_after_sees_them(serve: Serve) -> None:
    class Old(Interceptor):
        def after(self, call: Call, answer: Message) -> Message:
            return Message(Payload(Kind.STR, answer.payload.value * 2))  # type: ignore[union-attr]

    service = serve(Streams())
    service.attach([], [Old()])
    assert pulled(service) == ["22", "11", "00", None]


@pytest.mark.parametrize("result", [KeyError("x"), "no message"])
def test_a_fault_in_the_phase_for_items_ends_the_stream_and_is_named(serve: Serve, result: Any) -> None:
    class Faulty(Interceptor):
        def after_item(self, call: Call, item: Message) -> Message:
            if isinstance(result, Exception):
                raise result
            return result  # type: ignore[no-any-return]

    service = serve(Streams())
    service.attach([], [Faulty()])
    (error,) = pulled(service)
    assert isinstance(error, ComponentFailed)
    assert error.where.endswith("Faulty.after_item")
