"""The steps of an async stream run in one task: timeouts, groups and context variables span its items."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.waiting import Background

from ..streams import Sees

Serve = Callable[..., ComponentService]
Items = AsyncIterator[Any]
OWN: ContextVar[int] = ContextVar("own", default=0)
MANY = 40
"""More items than are made in a row."""


@pytest.fixture(params=[1, 3], ids=["one thread", "with helpers"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """``serve(user, concurrency=100)``: a service on an event loop, with an observer ``sees``."""
    executors: list[Executor] = []

    def serve(user: object, concurrency: int = 100) -> ComponentService:
        executors.append(Executor(threads=request.param, concurrency=concurrency))
        executors[-1].start()
        return ComponentService(Unit(ComponentAdapter(user), executors[-1]))

    yield serve
    for executor in executors:
        assert executor.stop(WAIT_S)


def call(text: str = "x", **options: Any) -> Call:
    wire = f'{{"strData":"{text}"}}'.encode()
    return Call(Method.PREDICT, wire, JsonCodec(Limits()), "test", **options)


def opened(service: ComponentService, text: str = "x") -> OpenStream:
    stream = service.call(call(text, accepts_stream=True))
    assert isinstance(stream, OpenStream)
    return stream


def pulled(stream: OpenStream) -> Any:
    """Return the next item's text, None at the end, or the error."""
    told: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    stream.pull(lambda item, error: told.put((item, error)))
    item, error = told.get(timeout=WAIT_S)
    return error if error is not None else item and json.loads(item)["strData"]


def now() -> float:
    return asyncio.get_running_loop().time()


class Closing:
    """Counts the generators that have ended."""

    def __init__(self) -> None:
        self.closed = 0


class Limited(Closing):
    """Sets a timeout around two yields, which passes while it awaits or (``yields``) stands at the second."""

    async def predict(self, X: Any, names: Any) -> Items:
        try:
            async with asyncio.timeout(None) as limit:
                yield "a"
                limit.reschedule(now())
                if X == "yields":
                    yield "b"
                await asyncio.sleep(WAIT_S)
                yield "c"
        except TimeoutError:
            if X == "handles":
                yield "in time"
                return
            raise
        finally:
            self.closed += 1


def test_a_timeout_around_yields_holds_for_a_joined_stream(serve: Serve) -> None:
    user = Limited()
    with pytest.raises(SeldonError, match="TimeoutError") as caught:
        serve(user).call(call())
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert user.closed == 1


def test_a_timeout_around_yields_holds_while_the_next_item_is_made(serve: Serve) -> None:
    user = Limited()
    stream = opened(serve(user))
    assert pulled(stream) == "a"
    assert "TimeoutError" in pulled(stream).message
    assert user.closed == 1


def test_a_timeout_that_passes_between_two_items_raises_at_the_yield(serve: Serve) -> None:
    user, sees = Limited(), Sees()
    service = serve(user)
    service.attach([sees])
    stream = opened(service, "yields")
    assert [pulled(stream), pulled(stream)] == ["a", "b"]
    wait_until(lambda: user.closed == 1, "the generator to end by itself")
    wait_until(lambda: sees.outcomes, "the call to end")
    assert "TimeoutError" in str(sees.outcomes[0].error)
    assert "TimeoutError" in pulled(stream).message


def test_a_generator_goes_on_that_handles_its_timeout(serve: Serve) -> None:
    user = Limited()
    stream = opened(serve(user), "handles")
    assert [pulled(stream), pulled(stream), pulled(stream)] == ["a", "in time", None]
    assert user.closed == 1


def test_an_item_that_follows_a_timeout_between_two_items_is_the_next_one(serve: Serve) -> None:
    class Handles(Limited):
        async def predict(self, X: Any, names: Any) -> Items:
            try:
                async with asyncio.timeout(None) as limit:
                    limit.reschedule(now())
                    yield "a"
                    await asyncio.sleep(WAIT_S)
            except TimeoutError:
                self.closed += 1
            yield "b"

    user = Handles()
    stream = opened(serve(user))
    assert pulled(stream) == "a"
    wait_until(lambda: user.closed == 1, "the timeout to pass")
    assert [pulled(stream), pulled(stream)] == ["b", None]


class Grouped(Closing):
    """Runs a task of its group beside the items; it fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled = 0
        self.fails: Callable[[], object] = lambda: None

    async def child(self) -> None:
        told = asyncio.Event()
        self.fails = told.set
        try:
            await told.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise ValueError("the child failed")

    async def predict(self, X: Any, names: Any) -> Items:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.child())
                await asyncio.sleep(0)
                yield "a"
                self.fails()
                if X == "yields":
                    yield "b"
                await asyncio.sleep(WAIT_S)
        finally:
            self.closed += 1


@pytest.mark.parametrize("text", ["awaits", "yields"])
def test_a_child_of_a_task_group_that_fails_ends_the_stream(serve: Serve, text: str) -> None:
    user = Grouped()
    stream = opened(serve(user), text)
    items = [pulled(stream) for _ in range(2 if text == "awaits" else 3)]
    assert items[0] == "a"
    assert "TaskGroup" in items[-1].message
    wait_until(lambda: user.closed == 1, "the generator to end")


def test_a_client_that_leaves_cancels_the_children_and_is_no_failure_of_the_class(serve: Serve) -> None:
    user, sees = Grouped(), Sees()
    service = serve(user)
    service.attach([sees])
    stream = opened(service)
    assert pulled(stream) == "a"
    stream.close()
    wait_until(lambda: sees.outcomes, "the call to end")
    assert (user.closed, user.cancelled) == (1, 1)
    assert [outcome.error.code for outcome in sees.outcomes if outcome.error] == [ErrorCode.CANCELLED]


class Tasks(Closing):
    """Notes the tasks of its steps, and counts in a context variable."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: set[object] = set()

    async def predict(self, X: Any, names: Any) -> Items:
        try:
            for _ in range(MANY):
                self.tasks.add(asyncio.current_task())
                OWN.set(OWN.get() + 1)
                yield f"{OWN.get()} "
        finally:
            self.tasks.add(asyncio.current_task())
            self.closed += 1


def test_all_steps_run_in_one_task_and_one_context(serve: Serve) -> None:
    user = Tasks()
    service = serve(user)
    numbers = [str(number) for number in range(1, MANY + 1)]
    joined = service.call(call())
    assert json.loads(joined)["strData"].split() == numbers
    assert len(user.tasks) == 1
    stream = opened(service)
    assert [pulled(stream).strip() for _ in numbers] == numbers
    stream.close()
    wait_until(lambda: user.closed == 2, "the generator to be closed")
    assert len(user.tasks) == 2, "one for each stream"


def test_a_stream_whose_client_pauses_holds_no_place(serve: Serve) -> None:
    service = serve(Tasks(), concurrency=1)
    streams = [opened(service) for _ in range(3)]
    assert [pulled(stream) for stream in streams] == ["1 "] * 3
    assert [pulled(stream) for stream in streams] == ["2 "] * 3
    assert service.call(call())


class Waits(Closing):
    """Waits for ever, and awaits in its ``finally``."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0

    async def predict(self, X: Any, names: Any) -> Items:
        try:
            self.begun += 1
            if X == "wait":
                await asyncio.sleep(10 * WAIT_S)
            yield X
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            self.closed += 1


@pytest.mark.parametrize("closes", [1, 2])
def test_streams_of_clients_that_left_give_their_places_back(serve: Serve, closes: int) -> None:
    user = Waits()
    service = serve(user, concurrency=2)
    streams = [opened(service, "wait") for _ in range(2)]
    asked = [Background(lambda stream=stream: pulled(stream)) for stream in streams]  # type: ignore[misc]
    wait_until(lambda: user.begun == 2, "the items to be awaited")
    for stream in streams * closes:
        stream.close()
    assert [one.outcome.code for one in asked] == [ErrorCode.CANCELLED] * 2
    assert json.loads(service.call(call("next")))["strData"] == "next"
    assert user.closed == 3


@pytest.mark.parametrize("text", ["wait", "x"])
def test_a_call_that_is_cancelled_closes_its_stream_wherever_it_is(serve: Serve, text: str) -> None:
    user, sees = Waits(), Sees()
    service = serve(user)
    service.attach([sees])
    cancelled = call(text, accepts_stream=True)
    stream = service.call(cancelled)  # which its transport loses
    if text == "x":
        assert pulled(stream) == "x"
    cancelled.cancel()
    wait_until(lambda: sees.outcomes, "the call to end")
    assert [outcome.error.code for outcome in sees.outcomes if outcome.error] == [ErrorCode.CANCELLED]
    assert user.closed == user.begun == (1 if text == "x" else 0)
    assert pulled(stream).code is ErrorCode.CANCELLED


def test_the_end_of_the_process_ends_a_stream_that_waits_for_its_client(serve: Serve) -> None:
    user, sees = Grouped(), Sees()
    service = serve(user)
    service.attach([sees])
    stream = opened(service)
    assert pulled(stream) == "a"
    assert service.executor.stop(WAIT_S)
    assert (user.closed, user.cancelled) == (1, 1)
    assert [outcome.error.code for outcome in sees.outcomes if outcome.error] == [ErrorCode.UNAVAILABLE]
    assert pulled(stream).code is ErrorCode.UNAVAILABLE


def test_a_generator_that_refuses_to_end_does_not_hold_the_process_up(serve: Serve) -> None:
    class Stubborn(Closing):
        async def predict(self, X: Any, names: Any) -> Items:
            try:
                yield "a"
            except asyncio.CancelledError:
                yield "b"
            finally:
                self.closed += 1

    user = Stubborn()
    service = serve(user)
    assert pulled(opened(service)) == "a"
    assert service.executor.stop(WAIT_S)
    assert user.closed == 1
