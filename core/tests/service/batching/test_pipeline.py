"""Batches: calls that wait together are answered together, and each gets exactly its own answer."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, Outcome, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.batching.batcher import Batcher, Predict
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., ComponentService]
Told = tuple[str | None, Any, SeldonError | None]


class Doubles:
    """Counts the rows of each of its calls."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.sizes.append(len(X))
        return 2 * X


class Stacks(Batcher):
    """Stacks the rows of all requests into one call, unless one of them says "alone"."""

    max_size = 4

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def group(self, call: Call) -> Hashable | None:
        return None if "alone" in call.headers else call.headers.get("group", "one")

    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | SeldonError]:
        self.sizes.append(len(requests))
        arrays = [request.payload.value for request in requests]  # type: ignore[union-attr]
        stacked = predict(method, Message(Payload(Kind.NDARRAY, np.concatenate(arrays))))
        assert isinstance(stacked, Message)
        assert stacked.payload is not None
        ends = np.cumsum([len(array) for array in arrays])[:-1]
        return [Message(Payload(Kind.NDARRAY, part)) for part in np.split(stacked.payload.value, ends)]


class Held:
    """A service whose thread is held until :meth:`release`, and what its calls came to."""

    def __init__(self, service: ComponentService) -> None:
        self.service = service
        self.told: SimpleQueue[Told] = SimpleQueue()
        self._opened = threading.Event()
        entered = threading.Event()
        service.executor.submit(lambda: entered.set() or self._opened.wait(WAIT_S))  # type: ignore[func-returns-value]
        assert entered.wait(WAIT_S)

    def submit(self, number: int, **fields: Any) -> Call:
        wire = Message(Payload(Kind.NDARRAY, np.full((1, 2), number)))
        call = Call(Method.PREDICT, wire, NeutralCodec(), "test", request_id=str(number), **fields)
        self.service.submit(call, lambda answer, error: self.told.put((call.request_id, answer, error)))
        return call

    def release(self) -> dict[str | None, Any]:
        """Return by request id the first value of each answer, or the error."""
        self._opened.set()
        self.service.executor.run(lambda: None)
        outcomes = {}
        while not self.told.empty():
            name, answer, error = self.told.get()
            assert name not in outcomes, "answered twice"
            outcomes[name] = error or float(answer.payload.value[0][0])
        return outcomes


@pytest.fixture
def held(serve: Serve) -> Iterator[Callable[..., Held]]:
    made: list[Held] = []

    def held(batcher: Batcher, user: object = None, parts: Sequence[Any] = (), **options: Any) -> Held:
        service = serve(user or Doubles(), **options)
        service.attach(
            [part for part in parts if isinstance(part, Observer)],
            [part for part in parts if isinstance(part, Interceptor)],
        )
        service.batch(batcher)
        made.append(Held(service))
        return made[-1]

    yield held
    for one in made:
        one._opened.set()


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


class Answers(Stacks):
    """Answers as the test says."""

    def __init__(self, answer: Callable[[int], Any]) -> None:
        super().__init__()
        self.answer = answer

    def predict(self, method: Method, requests: Sequence[Request], predict: Predict) -> Any:
        return self.answer(len(requests))


def good() -> Message:
    return Message(Payload(Kind.NDARRAY, np.ones((1, 1))))


def raises(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (lambda n: [good(), SeldonError("no", code=ErrorCode.BAD_DATA)], [None, ErrorCode.BAD_DATA]),
        (lambda n: [good()] * (n - 1), [ErrorCode.COMPONENT_FAILED] * 2),
        (lambda n: [good(), 7], [None, ErrorCode.COMPONENT_FAILED]),
        (lambda n: raises(KeyError("batcher")), [ErrorCode.COMPONENT_FAILED] * 2),
        (lambda n: raises(SeldonError("all", code=ErrorCode.RATE_LIMITED)), [ErrorCode.RATE_LIMITED] * 2),
    ],
)
def test_each_call_gets_its_own_error_whatever_a_batcher_does(
    held: Callable[..., Held], answer: Callable[[int], Any], codes: list[ErrorCode | None]
) -> None:
    one = held(Answers(answer))
    one.submit(0)
    one.submit(1)
    outcomes = one.release()
    assert [getattr(outcomes[str(number)], "code", None) for number in range(2)] == codes


def test_a_batcher_that_cannot_tell_the_group_fails_its_call_only(held: Callable[..., Held]) -> None:
    class Crashes(Stacks):
        def group(self, call: Call) -> Hashable | None:
            return {"1": 1 // 0} if call.request_id == "1" else 0

    one = held(Crashes())
    one.submit(0)
    one.submit(1)
    outcomes = one.release()
    assert outcomes["0"] == 0.0
    assert isinstance(outcomes["1"], ComponentFailed)


def test_a_group_that_is_not_hashable_is_the_batchers_fault(held: Callable[..., Held]) -> None:
    class Unhashable(Stacks):
        def group(self, call: Call) -> Any:
            return [call.request_id]

    one = held(Unhashable())
    one.submit(0)
    assert isinstance(one.release()["0"], ComponentFailed)


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


class Raises(Doubles):
    def predict(self, X: Any, names: Any) -> Any:
        raise ValueError("a secret")


def test_an_error_of_a_batch_names_the_request_of_each_caller(held: Callable[..., Held]) -> None:
    one = held(Stacks(), Raises(), error_details=False)
    for number in range(3):
        one.submit(number)
    assert {name: error.message for name, error in one.release().items()} == {
        str(number): f"the component failed; see its log for request {number}" for number in range(3)
    }
