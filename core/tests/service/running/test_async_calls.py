"""Calls of async methods: interleaved, each with its context, cancelled with their client or deadline."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from seldon_runtime import request_id
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.plugin import Interceptor, Message
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.components import Awaiting
from seldon_runtime.testing.waiting import Background

Serve = Callable[..., Service]
OWN: ContextVar[str] = ContextVar("own", default="nobody's")


def call(text: str = "x", method: Method = Method.PREDICT, **options: Any) -> Call:
    return Call(method, f'{{"strData":"{text}"}}'.encode(), JsonCodec(Limits()), "test", **options)


def failure(act: Callable[[], object]) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        act()
    return caught.value


def test_calls_interleave_and_each_gets_its_own_answer(make_service: Serve) -> None:
    user = Awaiting()
    service = make_service(user)
    asked = [Background(lambda n=n: service.call(call(f"wait {n}"))) for n in range(20)]  # type: ignore[misc]
    wait_until(lambda: len(user.seen) == 20, "all calls to be under way")
    user.open()
    assert [json.loads(one.outcome)["strData"] for one in asked] == [f"wait {n}" for n in range(20)]


def test_context_variables_are_each_calls_own(make_service: Serve) -> None:
    class Named:
        async def predict(self, X: Any, names: Any) -> Any:
            before = OWN.get()
            OWN.set(X)
            await asyncio.sleep(0)
            assert request_id() == X
            return [before, OWN.get()]

    service = make_service(Named())
    asked = [
        Background(lambda n=n: service.call(call(f"c{n}", request_id=f"c{n}")))  # type: ignore[misc]
        for n in range(10)
    ]
    for n, one in enumerate(asked):
        assert json.loads(one.outcome)["data"]["ndarray"] == ["nobody's", f"c{n}"]


def test_a_cancelled_call_cancels_its_coroutine(make_service: Serve) -> None:
    user = Awaiting()
    service = make_service(user)
    running = call("wait")
    asked = Background(lambda: service.call(running))
    wait_until(lambda: user.seen, "the call to be under way")
    assert running.can_end
    running.cancel()
    assert asked.outcome.code is ErrorCode.CANCELLED
    assert user.cancelled == ["wait"]
    assert running.interruptions == ()


def test_the_deadline_cancels_the_coroutine(make_service: Serve) -> None:
    user = Awaiting()
    service = make_service(user)
    error = failure(lambda: service.call(call("wait", deadline=time.monotonic() + 0.05)))
    assert error.code is ErrorCode.DEADLINE_EXCEEDED
    wait_until(lambda: user.cancelled == ["wait"], "the coroutine to end")


def test_a_coroutine_that_cancels_itself_is_the_components_failure(make_service: Serve) -> None:
    class Odd:
        async def predict(self, X: Any, names: Any) -> Any:
            raise asyncio.CancelledError

    error = failure(lambda: make_service(Odd()).call(call()))
    assert error.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(2), KeyboardInterrupt()])
def test_an_exception_behind_an_await_fails_only_its_call(make_service: Serve, error: BaseException) -> None:
    class Failing:
        async def predict(self, X: Any, names: Any) -> Any:
            await asyncio.sleep(0)
            if X == "fail":
                raise error
            return X

    service = make_service(Failing())
    assert failure(lambda: service.call(call("fail"))).code is ErrorCode.COMPONENT_FAILED
    assert "fine" in str(service.call(call("fine")))


def test_a_task_group_and_a_future_work(make_service: Serve) -> None:
    class Grouped:
        async def predict(self, X: Any, names: Any) -> Any:
            async def part(text: str) -> str:
                await asyncio.sleep(0)
                return text + X

            async with asyncio.TaskGroup() as group:
                parts = [group.create_task(part(text)) for text in "ab"]
            return "".join(one.result() for one in parts)

        def transform_input(self, X: Any, names: Any) -> Any:  # sync, and returns a future
            return asyncio.ensure_future(self.predict(X, names))

        def transform_output(self, X: Any, names: Any) -> Any:  # sync, and returns a coroutine
            return self.predict(X, names)

    service = make_service(Grouped())
    for method in (Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT):
        assert "axbx" in str(service.call(call("x", method)))


def test_sync_methods_of_an_async_class_run_in_their_order(make_service: Serve) -> None:
    class Mixed:
        def __init__(self) -> None:
            self.order: list[Any] = []

        async def predict(self, X: Any, names: Any) -> Any:
            self.order.append(X)
            return X

        def transform_input(self, X: Any, names: Any) -> Any:
            self.order.append(X)
            return X

    user = Mixed()
    service = make_service(user)
    service.call(call("first"))
    for number in range(6):
        service.submit(
            call(str(number), Method.TRANSFORM_INPUT if number % 2 else Method.PREDICT), lambda *_: None
        )
    wait_until(lambda: len(user.order) == 7, "all calls")
    assert user.order == ["first", *"012345"]


def test_interceptors_go_around_the_awaited_answer(make_service: Serve) -> None:
    class Upper(Interceptor):
        def after(self, call: Call, answer: Message) -> Message:
            assert answer.payload is not None
            answer.payload.value = answer.payload.value.upper()
            return answer

    service = make_service(Awaiting())
    service.attach(interceptors=[Upper()])
    assert "QUICK" in str(service.call(call("quick")))


def test_a_process_that_stops_answers_the_coroutines_that_it_cancels(make_service: Serve) -> None:
    class Stubborn:
        async def predict(self, X: Any, names: Any) -> Any:
            current = asyncio.current_task()
            assert current is not None
            current.cancel()
            await asyncio.sleep(WAIT_S)

    assert failure(lambda: make_service(Stubborn()).call(call())).code is ErrorCode.UNAVAILABLE
