"""Awaiting a call: its answer, its error, its cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., Service]


class Slow:
    """Waits in each call until ``opened``."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.calls = 0

    def predict(self, X: Any, names: Any) -> Any:
        self.calls += 1
        self.entered.set()
        assert self.opened.wait(WAIT_S)
        if X == "fail":
            raise ValueError("no")
        return X


def call(text: str = "x") -> Call:
    return Call(Method.PREDICT, b'{"strData":"%s"}' % text.encode(), JsonCodec(Limits()), "test")


def test_many_calls_are_awaited_together(serve: Serve) -> None:
    user = Slow()
    service = serve(user)
    user.opened.set()

    async def ask() -> list[Any]:
        calls = [service.call_async(call("fail" if i == 7 else str(i))) for i in range(20)]
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(ask())
    assert answers[3] == b'{"meta":{},"strData":"3"}'
    assert [i for i, answer in enumerate(answers) if isinstance(answer, SeldonError)] == [7]


def test_a_refusal_is_raised(serve: Serve) -> None:
    service = serve(Slow())
    service.executor.stop(WAIT_S)
    with pytest.raises(SeldonError) as caught:
        asyncio.run(service.call_async(call()))
    assert caught.value.code is ErrorCode.UNAVAILABLE


def test_a_cancelled_await_cancels_a_call_that_has_not_started(serve: Serve) -> None:
    user = Slow()
    service = serve(user)
    waiting = call()

    async def ask() -> None:
        first = asyncio.create_task(service.call_async(call("first")))
        await asyncio.to_thread(user.entered.wait, 10)
        second = asyncio.create_task(service.call_async(waiting))
        while not service.executor.waiting:
            await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        user.opened.set()
        assert b"first" in await first
        await asyncio.to_thread(service.executor.run, lambda: None)

    asyncio.run(ask())
    assert waiting.cancelled
    assert user.calls == 1


@pytest.mark.parametrize("text", ["x", "fail"])
def test_a_cancelled_await_of_a_running_call_drops_its_outcome(serve: Serve, text: str) -> None:
    user = Slow()
    service = serve(user)

    async def ask() -> None:
        running = asyncio.create_task(service.call_async(call(text)))
        await asyncio.to_thread(user.entered.wait, 10)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        user.opened.set()
        await asyncio.to_thread(service.executor.run, lambda: None)
        await asyncio.sleep(0)  # the outcome arrives in the loop, and nobody is there

    asyncio.run(ask())
    assert user.calls == 1


def test_an_answer_that_comes_after_the_loop_has_ended_is_dropped(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    user = Slow()
    service = serve(user)

    async def leave() -> None:
        running = asyncio.create_task(service.call_async(call()))
        await asyncio.to_thread(user.entered.wait, 10)
        running.cancel()

    asyncio.run(leave())
    user.opened.set()
    service.executor.run(lambda: None)
    assert user.calls == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
