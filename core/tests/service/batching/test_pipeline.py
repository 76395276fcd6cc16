"""Batches: calls that wait together are answered together, and each gets exactly its own answer."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, Outcome, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.testing import WAIT_S

from .held import Doubles, Held, Stacks, good

Serve = Callable[..., ComponentService]


def test_waiting_calls_are_answered_together_up_to_the_largest_batch(held: Callable[..., Held]) -> None:
    batcher, user = Stacks(), Doubles()
    one = held(batcher, user)
    for number in range(6):
        one.submit(number)
    assert one.release() == {str(number): 2.0 * number for number in range(6)}
    assert batcher.sizes == [4, 2]
    assert user.sizes == [4, 2]


def test_calls_of_other_groups_and_without_one_are_not_mixed_in(held: Callable[..., Held]) -> None:
    batcher, user = Stacks(), Doubles()
    one = held(batcher, user)
    for number, headers in enumerate([{}, {"group": "b"}, {"alone": ""}, {}, {"group": "b"}]):
        one.submit(number, headers=headers)
    assert one.release() == {str(number): 2.0 * number for number in range(5)}
    assert sorted(batcher.sizes) == [2, 2]
    assert sorted(user.sizes) == [1, 2, 2]


def test_a_call_alone_does_not_wait_for_others(serve: Serve) -> None:
    batcher = Stacks()
    service = serve(Doubles())
    service.batch(batcher)
    wire = Message(Payload(Kind.NDARRAY, np.ones((1, 2))))
    answer = service.call(Call(Method.PREDICT, wire, NeutralCodec(), "test"))
    assert answer.payload.value.tolist() == [[2.0, 2.0]]
    assert batcher.sizes == [1]


def test_an_idle_component_may_wait_for_a_fuller_batch(held: Callable[..., Held]) -> None:
    batcher = Stacks()
    batcher.max_wait_s = 10.0
    one = held(batcher)
    one._opened.set()
    for number in range(4):
        one.submit(number)
    assert len(one.release()) == 4
    assert sum(batcher.sizes) == 4


def test_cancelled_and_late_calls_leave_the_batch(held: Callable[..., Held]) -> None:
    batcher = Stacks()
    one = held(batcher)
    one.submit(1)
    one.submit(2).cancelled = True
    one.submit(3, deadline=0.0)
    outcomes = one.release()
    assert outcomes["1"] == 2.0
    assert (outcomes["2"].code, outcomes["3"].code) == (ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED)
    assert batcher.sizes == [1]


def test_a_call_that_cannot_be_read_fails_alone(serve: Serve) -> None:
    service, opened = serve(Doubles()), threading.Event()
    service.batch(Stacks())
    told: list[SeldonError | None] = []
    service.executor.submit(lambda: opened.wait(WAIT_S))
    for body in (b'{"data":{"ndarray":[[1]]}}', b"rubbish", b'{"data":{"ndarray":[[2]]}}'):
        call = Call(Method.PREDICT, body, JsonCodec(Limits()), "test")
        service.submit(call, lambda answer, error: told.append(error))
    opened.set()
    service.executor.run(lambda: None)
    assert [error and error.code for error in told] == [None, ErrorCode.BAD_DATA, None]


def test_groups_of_answered_calls_are_forgotten_and_those_of_waiting_ones_kept(
    held: Callable[..., Held],
) -> None:
    class Each(Stacks):
        def group(self, call: Call) -> Hashable | None:
            seen.append(weakref.ref(group := Named(str(call.request_id))))
            return group

    class Named(str):
        """A group's name that can be watched."""

    seen: list[weakref.ref[Named]] = []
    one = held(Each())
    for number in range(200):
        one.submit(number)
    assert sum(group() is not None for group in seen) == 200
    assert one.release() == {str(number): 2.0 * number for number in range(200)}
    for number in range(200):
        one.submit(1000 + number)
        one.service.executor.run(lambda: None)
    assert sum(group() is not None for group in seen) < 100


def test_interceptors_and_observers_see_each_call_of_a_batch(held: Callable[..., Held]) -> None:
    seen: list[tuple[str, str | None]] = []

    class Around(Interceptor):
        def before(self, call: Call, request: Request) -> Request | Answer:
            seen.append(("before", request_id()))
            return Answer(good()) if call.request_id == "2" else request

        def after(self, call: Call, answer: Message) -> Message:
            seen.append(("after", request_id()))
            return answer

    class Sees(Observer):
        def call_finished(self, call: Call, outcome: Outcome) -> None:
            seen.append(("finished", call.request_id))

    batcher = Stacks()
    one = held(batcher, parts=[Around(), Sees()])
    for number in range(3):
        one.submit(number)
    assert one.release() == {"0": 0.0, "1": 2.0, "2": 1.0}
    assert batcher.sizes == [2]
    assert [name for phase, name in seen if phase == "before"] == ["0", "1", "2"]
    assert [name for phase, name in seen if phase == "after"] == ["0", "1"]
    assert [name for phase, name in seen if phase == "finished"] == ["0", "1", "2"]


def test_a_full_queue_refuses_a_call_of_a_batch_too(held: Callable[..., Held]) -> None:
    one = held(Stacks(), queue_size=2)
    for number in range(4):
        one.submit(number)
    outcomes = one.release()
    refused = [outcome for outcome in outcomes.values() if isinstance(outcome, SeldonError)]
    assert [error.code for error in refused] == [ErrorCode.OVERLOADED] * 2
    assert len(outcomes) == 4


def test_a_service_that_gives_up_refuses_the_calls_of_a_batch(held: Callable[..., Held]) -> None:
    one = held(Stacks())
    one.submit(0)
    one.submit(1)
    one.service.give_up("the component hangs")
    answers = [one.told.get(timeout=WAIT_S) for _ in range(2)]
    assert [error and error.code for _, _, error in answers] == [ErrorCode.UNAVAILABLE] * 2


def test_no_task_of_an_answered_call_stays_in_the_queue(held: Callable[..., Held]) -> None:
    """Tasks that stay would fill the queue, until calls are refused though none wait."""

    class Busy(Doubles):
        """Submits two more calls while each batch runs, so that calls always wait."""

        def predict(self, X: Any, names: Any) -> Any:
            if len(self.sizes) < 50:
                for number in (1, 2):
                    one.submit(1000 + 2 * len(self.sizes) + number)
                    longest.append(one.service.executor.waiting)
            return super().predict(X, names)

    longest: list[int] = []
    one = held(Stacks(), Busy())
    for number in range(4):
        one.submit(number)
    one.release()
    assert max(longest) <= 8
