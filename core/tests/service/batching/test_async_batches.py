"""Batches of async methods: one at a time for each group, beside other calls of the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predict
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.testing import WAIT_S, wait_until

Serve = Callable[..., ComponentService]


class Sums(Batcher):
    """Adds all numbers of a batch in one call."""

    max_size = 8

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def group(self, call: Call) -> Hashable | None:
        return None if call.method is Method.TRANSFORM_INPUT else 0

    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | SeldonError]:
        self.sizes.append(len(requests))
        stacked = np.concatenate([request.payload.value for request in requests])  # type: ignore[union-attr]
        answer = predict(method, Message(Payload(Kind.NDARRAY, stacked)))
        assert isinstance(answer, Message)
        return [answer] * len(requests)


class Gated:
    """Waits at a gate, on the event loop, in each prediction."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Semaphore(0)

    async def predict(self, X: Any, names: Any) -> Any:
        self.entered.release()
        while not self.open.acquire(blocking=False):
            await asyncio.sleep(0.001)
        if X.sum() < 0:
            raise ValueError("below zero")
        return np.array([X.sum()])

    async def transform_input(self, X: Any, names: Any) -> Any:
        return X


@pytest.fixture
def calls(serve: Serve) -> Iterator[Any]:
    """A service of a gated class, ``submit(number)``, and what was answered."""

    class Calls:
        service: Any
        user = Gated()
        batcher = Sums()
        told: SimpleQueue[Any] = SimpleQueue()

        def submit(self, number: float, method: Method = Method.PREDICT) -> Call:
            call = Call(method, Message(Payload(Kind.NDARRAY, np.array([number]))), NeutralCodec(), "test")
            service.submit(call, lambda answer, error: self.told.put(error or answer.payload.value.tolist()))
            return call

        def answers(self, count: int) -> list[Any]:
            return [self.told.get(timeout=WAIT_S) for _ in range(count)]

        def enter(self) -> None:
            assert self.user.entered.acquire(timeout=WAIT_S)

    made = Calls()
    service = made.service = serve(made.user)
    service.attach()
    service.batch(made.batcher)
    yield made
    for _ in range(9):
        made.user.open.release()


def test_while_a_batch_is_under_way_the_next_one_forms(calls: Any) -> None:
    calls.submit(1)
    calls.enter()
    for number in (2, 3, 4):
        calls.submit(number)
    calls.user.open.release()
    assert calls.answers(1) == [[1]]
    calls.enter()
    calls.user.open.release()
    assert calls.answers(3) == [[9]] * 3
    assert calls.batcher.sizes == [1, 3]


def test_other_calls_go_on_beside_a_batch(calls: Any) -> None:
    calls.submit(1)
    calls.enter()
    calls.submit(5, Method.TRANSFORM_INPUT)
    assert calls.answers(1) == [[5]]
    calls.user.open.release()
    assert calls.answers(1) == [[1]]


def test_an_error_is_that_of_the_batch(calls: Any) -> None:
    calls.submit(-1)
    calls.enter()
    calls.user.open.release()
    (error,) = calls.answers(1)
    assert error.message == "ValueError: below zero"


def test_a_cancelled_call_leaves_before_the_batch_starts(calls: Any) -> None:
    calls.submit(1)
    calls.enter()
    calls.submit(2).cancel()
    calls.submit(3)
    calls.user.open.release()
    calls.user.open.release()
    told = calls.answers(3)
    assert [1] in told
    assert [3] in told
    assert calls.batcher.sizes == [1, 1]


def test_a_service_that_gives_up_refuses_the_calls_that_wait_for_the_next_batch(calls: Any) -> None:
    calls.submit(1)
    calls.enter()
    calls.submit(2)
    calls.submit(3)
    wait_until(lambda: not calls.service.executor.waiting, "both calls to wait for the batch")
    calls.service.give_up("the component hangs")
    assert [error.code for error in calls.answers(2)] == [ErrorCode.UNAVAILABLE] * 2
    calls.user.open.release()
    assert calls.answers(1) == [[1]]
