"""Streams of a service of several components."""

from __future__ import annotations

import asyncio
import logging
import threading
from queue import SimpleQueue
from typing import Any

from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.testing import WAIT_S

from .chains import Notes, Sees, call, failed


class Counts(Stream):
    def __init__(self) -> None:
        self.threads: list[str] = []
        self.closed = 0

    def next(self) -> Message | None:
        self.threads.append(threading.current_thread().name)
        return Message(Payload(Kind.STR, "item")) if len(self.threads) < 3 else None

    def close(self) -> None:
        self.closed += 1


class Streams(Predictor):
    methods = frozenset({Method.PREDICT})

    def __init__(self) -> None:
        self.stream = Counts()

    def predict(self, method: Method, request: Request) -> Message | Stream:
        return self.stream


def test_a_stream_of_a_component_is_pulled_on_its_thread(chain: Any) -> None:
    class Marks(Interceptor):
        def after_item(self, call: Call, item: Message) -> Message:
            return Message(Payload(Kind.STR, "an " + item.payload.value))  # type: ignore[union-attr]

    streams, sees = Streams(), Sees()
    service = chain(Notes(), streams)
    service.attach([sees], [Marks()])
    service.units[1].executor.run(lambda: setattr(threading.current_thread(), "name", "second"))

    async def pulled() -> list[Any]:
        stream = await service.call_async(call(accepts_stream=True))
        assert isinstance(stream, OpenStream)
        items = []
        while (item := await stream.pull_async()) is not None:
            items.append(item.payload.value)
        return items

    assert asyncio.run(pulled()) == ["an item", "an item"]
    assert streams.stream.threads == ["second"] * 3
    assert streams.stream.closed == 1
    assert [outcome.error for outcome in sees.outcomes] == [None]
    assert "the stream has no items" in failed(service, call()).message  # its only stream is over


def test_a_transport_that_fails_to_take_an_answer_disturbs_nothing(chain: Any, caplog: Any) -> None:
    service = chain(Notes(), Streams())
    tried: SimpleQueue[Any] = SimpleQueue()

    def done(answer: Any, error: Any) -> None:
        tried.put(answer or error)
        raise OSError("gone")

    with caplog.at_level(logging.ERROR):
        service.submit(call(accepts_stream=True), done)
        assert isinstance(tried.get(timeout=WAIT_S), OpenStream)
        service.units[1].executor.run(lambda: None)
    assert tried.empty()
    assert "transport test failed to accept an answer" in caplog.text
