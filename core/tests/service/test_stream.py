"""Streams: pulled item by item, each item a job in the queue, over exactly once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S, wait_until

from .streams import Counts, Sees, Streams, call, pulled

Serve = Callable[..., ComponentService]
_MANY = 200


@pytest.fixture
def opened(serve: Serve) -> Callable[..., tuple[OpenStream, Sees, ComponentService]]:
    """``opened(stream, *interceptors, **of_the_call)``: an open stream, its observer and its service."""

    def opened(stream: Stream, *interceptors: Interceptor, **fields: Any) -> Any:
        service, sees = serve(Streams(stream)), Sees()
        service.attach([sees], interceptors)
        answer = service.call(call(request_id="r", **fields))
        assert isinstance(answer, OpenStream)
        return answer, sees, service

    return opened


def test_a_stream_is_pulled_item_by_item_and_over_with_its_last(opened: Any) -> None:
    counts = Counts(3)
    stream, sees, _ = opened(counts)
    for number in range(3):
        assert counts.made == number, "an item was made before it was asked for"
        assert pulled(stream) == f"{number} r"
    assert sees.outcomes == []
    assert pulled(stream) is None
    assert [outcome.error for outcome in sees.outcomes] == [None]
    assert counts.closed == 1


def test_other_calls_run_between_items(opened: Any) -> None:
    stream, _, service = opened(Counts(2))
    assert pulled(stream) == "0 r"
    assert service.call(call("other")).payload.value == "other"
    assert pulled(stream) == "1 r"
    stream.close()
    service.executor.run(lambda: None)


def test_an_item_that_fails_ends_the_stream_with_its_error(opened: Any) -> None:
    counts = Counts(3, fails_at=1)
    stream, sees, _ = opened(counts)
    pulled(stream)
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert [outcome.error for outcome in sees.outcomes] == [caught.value]
    assert counts.closed == 1


class Unwritable(NeutralCodec):
    """Writes no item."""

    error = SeldonError("cannot be written", code=ErrorCode.COMPONENT_FAILED)

    def write_item(self, method: Method, item: Message) -> Any:
        raise self.error


@pytest.mark.parametrize("place", ["", "the part 'b'"])
def test_an_item_that_cannot_be_written_names_the_component_that_made_it(opened: Any, place: str) -> None:
    stream, sees, _ = opened(Counts(2), waits_for=lambda: place)
    stream._call.codec = Unwritable()
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.message == f"{place}: cannot be written".removeprefix(": ")
    assert Unwritable.error.message == "cannot be written"
    assert [outcome.error for outcome in sees.outcomes] == [caught.value]


def test_a_client_that_leaves_closes_the_stream_once(opened: Any) -> None:
    counts = Counts(3)
    stream, sees, service = opened(counts)
    pulled(stream)
    stream.close()
    stream.close()
    service.executor.run(lambda: None)
    assert (counts.made, counts.closed) == (1, 1)
    assert [outcome.error.code for outcome in sees.outcomes] == [ErrorCode.CANCELLED]


def test_a_deadline_holds_for_the_whole_stream(opened: Any) -> None:
    counts = Counts(3)
    stream, sees, _ = opened(counts, deadline=None)
    pulled(stream)
    stream._call.deadline = 0.0
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert (counts.made, counts.closed) == (1, 1)
    assert len(sees.outcomes) == 1


def test_interceptors_see_each_item(opened: Any) -> None:
    class Shouts(Interceptor):
        def after(self, call: Call, answer: Message) -> Message:
            assert answer.payload is not None
            return Message(Payload(Kind.STR, f"{answer.payload.value}!"))

    stream, _, _ = opened(Counts(2), Shouts())
    assert [pulled(stream), pulled(stream), pulled(stream)] == ["0 r!", "1 r!", None]


class Slow(Stream):
    """Makes its second item when it is told to."""

    def __init__(self) -> None:
        self.made = self.closed = 0
        self.go = threading.Event()

    def next(self) -> Message | None:
        self.made += 1
        if self.made == 2:
            assert self.go.wait(WAIT_S)
        return Message(Payload(Kind.STR, str(self.made)))

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("by_deadline", [True, False])
def test_an_item_that_takes_too_long_ends_the_stream(serve: Serve, by_deadline: bool) -> None:
    slow, sees = Slow(), Sees()
    service = serve(Streams(slow), limits=Limits(stream_idle_timeout_s=None if by_deadline else 0.3))
    service.attach([sees])
    fields = {"deadline": time.monotonic() + 0.3} if by_deadline else {}
    one = call(waits_for=lambda: "the part 'b'", **fields)
    stream = service.call(one)
    assert pulled(stream) == "1"
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert caught.value.message.endswith(": it was waiting for the part 'b'")
    slow.go.set()
    wait_until(lambda: slow.closed == 1, "the stream to be closed")
    wait_until(lambda: sees.outcomes, "the call to end")
    wait_until(lambda: one.waits_for is None, "the call to forget its way")
    assert [outcome.error.code for outcome in sees.outcomes if outcome.error] == [ErrorCode.DEADLINE_EXCEEDED]


def test_observers_see_each_item_with_its_time(serve: Serve) -> None:
    class Items(Observer):
        def __init__(self) -> None:
            self.items: list[tuple[int, float]] = []

        def item_made(self, call: Call, number: int, since_s: float) -> None:
            self.items.append((number, since_s))
            raise ValueError("an observer cannot break a stream")

    items = Items()
    service = serve(Streams(Counts(2)))
    service.attach([items])
    stream = service.call(call())
    while pulled(stream) is not None:
        pass
    assert [number for number, _ in items.items] == [1, 2]
    assert all(since_s >= 0 for _, since_s in items.items)


def test_an_item_of_another_type_is_the_components_fault(opened: Any) -> None:
    class Numbers(Stream):
        def next(self) -> Any:
            return 7

    stream, _, _ = opened(Numbers())
    with pytest.raises(PluginFailed) as caught:
        pulled(stream)
    assert str(caught.value.__cause__) == "the stream returned int, expected a Message"


def test_a_full_queue_does_not_end_a_stream_that_is_open(serve: Serve) -> None:
    service = serve(Streams(Counts(2)), queue_size=1)
    stream = service.call(call())
    opened = threading.Event()
    service.executor.submit(lambda: opened.wait(WAIT_S))
    while service.executor.waiting:
        pass
    service.submit(call("waits"), lambda answer, error: None)
    told: SimpleQueue[Any] = SimpleQueue()
    stream.pull(lambda item, error: told.put((item, error)))
    opened.set()
    item, error = told.get(timeout=WAIT_S)
    assert error is None
    assert item.payload.value.startswith("0 ")
    stream.close()
    service.executor.run(lambda: None)


def test_the_end_of_the_service_ends_a_stream(opened: Any) -> None:
    counts = Counts(3)
    stream, sees, service = opened(counts)
    service.executor.stop(WAIT_S)
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.code is ErrorCode.UNAVAILABLE
    assert len(sees.outcomes) == 1
    stream.close()
    assert counts.closed == 1


def test_an_event_loop_awaits_each_item_the_end_and_an_error(opened: Any) -> None:
    async def all_of(stream: OpenStream) -> list[Any]:
        items = []
        while (item := await stream.pull_async()) is not None:
            items.append(item.payload.value)
        return items

    stream, sees, _ = opened(Counts(2))
    assert asyncio.run(all_of(stream)) == ["0 r", "1 r"]
    assert [outcome.error for outcome in sees.outcomes] == [None]
    stream, sees, _ = opened(Counts(2, fails_at=1))
    with pytest.raises(SeldonError) as caught:
        asyncio.run(all_of(stream))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_a_task_that_is_cancelled_while_it_awaits_an_item_closes_the_stream(opened: Any) -> None:
    class Waits(Counts):
        entered, gate = threading.Event(), threading.Event()

        def next(self) -> Message | None:
            self.entered.set()
            assert self.gate.wait(WAIT_S)
            return super().next()

    counts = Waits(3)
    stream, sees, service = opened(counts)

    async def leave() -> None:
        task = asyncio.get_running_loop().create_task(stream.pull_async())
        assert await asyncio.to_thread(counts.entered.wait, WAIT_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    counts.gate.set()
    service.executor.run(lambda: None)
    assert counts.closed == 1
    assert [outcome.error.code for outcome in sees.outcomes] == [ErrorCode.CANCELLED]


def test_a_pull_after_the_end_is_answered(opened: Any) -> None:
    stream, _, service = opened(Counts(3))
    stream.close()
    service.executor.run(lambda: None)
    with pytest.raises(SeldonError) as caught:
        pulled(stream)
    assert caught.value.code is ErrorCode.CANCELLED


def test_another_thread_may_make_an_item_while_one_still_delivers_the_item_before() -> None:
    executor = Executor(threads=2)
    executor.start()
    service = ComponentService(Unit(Streams(Counts(_MANY)), executor))
    stream = service.call(call(request_id=""))
    told: SimpleQueue[Any] = SimpleQueue()

    def take(item: Any, error: SeldonError | None) -> None:
        told.put(error or item)
        if item is not None:
            stream.pull(take)
            wait_until(lambda: executor.waiting == 0, "the other thread to take the request")

    stream.pull(take)
    assert len(list(iter(lambda: told.get(timeout=WAIT_S), None))) == _MANY
    assert executor.stop(WAIT_S)


def test_a_transport_that_fails_to_take_a_stream_receives_nothing_else(serve: Serve) -> None:
    service = serve(Streams(Counts(1)))
    taken: SimpleQueue[Any] = SimpleQueue()

    def done(answer: Any, error: Any) -> None:
        taken.put(answer or error)
        raise SystemExit(3)

    service.submit(call(), done)
    assert isinstance(taken.get(timeout=WAIT_S), OpenStream)
    service.executor.run(lambda: None)
    assert taken.empty()
