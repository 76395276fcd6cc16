"""Steps that wait together are answered together, and each call gets exactly its own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predict
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.observer import BatchRecord, Observer
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S, Background, wait_until


class Stacks(Batcher):
    """Stacks the rows of all requests of ``predict``, and notes the calls that it sees."""

    max_size = 4

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.calls: list[Call] = []

    def group(self, call: Call) -> Hashable | None:
        self.calls.append(call)
        return "rows" if call.method is Method.PREDICT else None

    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | SeldonError]:
        self.sizes.append(len(requests))
        arrays = [request.payload.value for request in requests]  # type: ignore[union-attr]
        answer = predict(method, rows(np.concatenate(arrays)))
        assert isinstance(answer, Message)
        assert answer.payload is not None
        ends = np.cumsum([len(array) for array in arrays])[:-1]
        return [rows(part) for part in np.split(answer.payload.value, ends)]


class Adds:
    def __init__(self, number: float) -> None:
        self.number = number
        self.sizes: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.sizes.append(len(X))
        return X + self.number

    def transform_input(self, X: Any, names: Any) -> Any:
        return -X


class AddsLater(Adds):
    async def predict(self, X: Any, names: Any) -> Any:  # type: ignore[override]
        return super().predict(X, names)


class Diamond(ComposedService):
    """Its first component is asked, then all at the same time; the answer is the sum."""

    method = Method.PREDICT

    def steps(self, call: Call, request: Request) -> Steps:
        first = yield Ask(self.units[0], self.method, request)
        answers = yield [Ask(unit, Method.PREDICT, first) for unit in self.units]
        return rows(sum(answer.payload.value for answer in answers))


def rows(values: Any) -> Message:
    return Message(Payload(Kind.NDARRAY, values))


class Held:
    """A service whose threads are held until :meth:`release`."""

    def __init__(self, service: ComposedService) -> None:
        self.service = service
        self._opened = threading.Event()
        self.executors = list({unit.executor: None for unit in service.units})
        for executor in self.executors:
            entered = threading.Event()
            executor.submit(lambda entered=entered: entered.set() or self._opened.wait(WAIT_S))  # type: ignore[misc]
            assert entered.wait(WAIT_S)

    def ask(self, number: float, **fields: Any) -> Background:
        call = Call(Method.PREDICT, rows(np.full((1, 2), number)), NeutralCodec(), "test", **fields)
        count = self.executors[0].waiting + 1
        asked = Background(lambda: self.service.call(call))
        wait_until(lambda: self.executors[0].waiting == count, "the call to wait")
        return asked

    def release(self) -> None:
        self._opened.set()


@pytest.fixture
def held(make_unit: Any) -> Iterator[Callable[..., Held]]:
    made: list[Held] = []

    def held(
        *users: object,
        batcher: type[Stacks] = Stacks,
        of: type[ComposedService] = Diamond,
        on_one_thread: bool = False,
        **options: Any,
    ) -> tuple[Held, list[Stacks]]:
        units: list[Unit] = [make_unit(user) for user in users]
        if on_one_thread:
            units = [replace(unit, executor=units[0].executor) for unit in units]
        for unit in units:
            if unit.predictor.is_async:
                unit.executor.run(unit.executor.interleave)
        service = of(units)
        service.attach(**options)
        batchers = {unit: batcher() for unit in units}
        service.batch(batchers)
        made.append(Held(service))
        return made[-1], list(batchers.values())

    yield held
    for one in made:
        one.release()


def value(asked: Background) -> Any:
    return asked.outcome.payload.value.tolist()


def expected(*numbers: float) -> list[list[list[float]]]:
    return [[[2 * number + 13.0, 2 * number + 13.0]] for number in numbers]


@pytest.mark.parametrize("kinds", [(Adds, Adds), (AddsLater, Adds), (Adds, AddsLater)])
def test_the_steps_that_wait_for_a_component_are_a_batch(held: Any, kinds: Any) -> None:
    users = [kind(number) for kind, number in zip(kinds, (1.0, 10.0), strict=True)]
    one, batchers = held(*users)
    asked = [one.ask(float(number)) for number in range(4)]
    one.release()
    assert [value(each) for each in asked] == expected(0, 1, 2, 3)
    assert [sum(batcher.sizes) for batcher in batchers] == [8, 4]
    assert batchers[0].sizes[0] > 1, "the calls that waited at the entrance were no batch"
    assert [sum(user.sizes) for user in users] == [8, 4]


def test_branches_inside_branches_of_any_depth_are_answered(held: Any) -> None:
    class Deep(ComposedService):
        def below(self, request: Request, depth: int) -> Steps:
            ask = Ask(self.units[0], Method.PREDICT, request)
            answers = yield [self.below(request, depth - 1), ask] if depth else [ask]
            return rows(sum(answer.payload.value for answer in answers))

        def steps(self, call: Call, request: Request) -> Steps:
            return self.below(request, 500)

    one, _ = held(Adds(1.0), of=Deep)
    asked = one.ask(0.0)
    one.release()
    assert value(asked) == [[501.0, 501.0]]


def test_a_batcher_sees_the_method_of_the_step_and_the_headers_of_the_call(held: Any) -> None:
    class Transforms(Diamond):
        method = Method.TRANSFORM_INPUT

    one, batchers = held(Adds(1.0), Adds(10.0), of=Transforms)
    asked = one.ask(5.0, headers={"a": "1"}, request_id="mine")
    one.release()
    assert value(asked) == [[1.0, 1.0]]
    seen = [(call.method, call.headers, call.request_id) for call in batchers[0].calls]
    assert seen == [(method, {"a": "1"}, "mine") for method in (Method.TRANSFORM_INPUT, Method.PREDICT)]
    assert batchers[0].sizes == [1]


def test_a_cancelled_call_leaves_and_the_others_go_on(held: Any) -> None:
    one, batchers = held(Adds(1.0), Adds(10.0))
    call = Call(Method.PREDICT, rows(np.zeros((1, 2))), NeutralCodec(), "test")
    first = one.ask(1.0)
    cancelled = Background(lambda: one.service.call(call))
    wait_until(lambda: one.executors[0].waiting == 2, "both calls to wait")
    call.cancel()
    one.release()
    assert cancelled.outcome.code is ErrorCode.CANCELLED
    assert [value(first)] == expected(1)
    assert [sum(batcher.sizes) for batcher in batchers] == [2, 1]


class Broken(Stacks):
    def group(self, call: Call) -> Hashable | None:
        raise ValueError("no group")


def test_a_batcher_that_cannot_tell_the_group_fails_its_call(held: Any) -> None:
    one, _ = held(Adds(1.0), batcher=Broken)
    asked = one.ask(1.0)
    one.release()
    assert isinstance(asked.outcome, PluginFailed)


class Fails(Stacks):
    def predict(self, method: Method, requests: Sequence[Request], predict: Predict) -> Any:
        return [SeldonError("not this one"), *[rows(np.ones((1, 2)))] * (len(requests) - 1)]


class Single(ComposedService):
    def steps(self, call: Call, request: Request) -> Steps:
        answer: Message = yield Ask(self.units[0], call.method, request)
        return answer


def test_an_error_of_a_step_is_that_of_its_call_only(held: Any) -> None:
    one, _ = held(Adds(1.0), batcher=Fails, of=Single)
    asked = [one.ask(float(number)) for number in range(3)]
    one.release()
    assert asked[0].outcome.message == "not this one"
    assert [value(each) for each in asked[1:]] == [[[1.0, 1.0]]] * 2


def test_methods_that_a_predictor_leaves_out_are_not_batched(held: Any) -> None:
    class Alone(ComponentAdapter):
        unbatched = frozenset({Method.PREDICT})

    one, batchers = held(Alone(Adds(1.0)), of=Single)
    asked = [one.ask(float(number)) for number in range(2)]
    one.release()
    assert [value(each) for each in asked] == [[[1.0, 1.0]], [[2.0, 2.0]]]
    assert (batchers[0].calls, batchers[0].sizes) == ([], [])


def test_observers_are_told_of_each_batch(held: Any) -> None:
    class Sees(Observer):
        records: list[BatchRecord] = []  # noqa: RUF012

        def batch_finished(self, record: BatchRecord) -> None:
            self.records.append(record)

    one, _ = held(Adds(1.0), of=Single, observers=[Sees()])
    asked = [one.ask(float(number)) for number in range(3)]
    one.release()
    assert [value(each)[0][0] for each in asked] == [1.0, 2.0, 3.0]
    assert [(record.calls, record.unit) for record in Sees.records] == [(3, "Adds")]


class Hangs(Adds):
    def __init__(self) -> None:
        super().__init__(0.0)
        self.entered, self.opened = threading.Event(), threading.Event()

    def predict(self, X: Any, names: Any) -> Any:
        self.entered.set()
        self.opened.wait(WAIT_S)
        return X


def test_a_service_that_gives_up_refuses_the_steps_that_wait(held: Any) -> None:
    user = Hangs()
    one, _ = held(Adds(1.0), user)
    first = one.ask(1.0)
    one.release()
    assert user.entered.wait(WAIT_S)
    second = Background(
        lambda: one.service.call(Call(Method.PREDICT, rows(np.ones((1, 2))), NeutralCodec(), "t"))
    )
    wait_until(lambda: one.executors[1].waiting == 1, "the second call to wait for the component that hangs")
    one.service.give_up("the component hangs")
    assert second.outcome.code is ErrorCode.UNAVAILABLE
    user.opened.set()
    assert value(first) == [[5.0, 5.0]]


class Patient(Stacks):
    max_size = 3
    max_wait_s = WAIT_S


def begin(one: Held, number: float, batcher: Stacks, **fields: Any) -> Background:
    """Make a call, and wait until its step has joined a batch that waits for more."""
    call = Call(Method.PREDICT, rows(np.full((1, 2), number)), NeutralCodec(), "test", **fields)
    before = len(batcher.calls)
    asked = Background(lambda: one.service.call(call))
    wait_until(lambda: len(batcher.calls) > before, "the call to begin")
    return asked


def test_calls_that_begin_join_the_batch_that_waits_on_their_thread(held: Any) -> None:
    one, (batcher,) = held(Adds(1.0), batcher=Patient, of=Single)
    one.release()
    asked = [begin(one, float(number), batcher) for number in range(3)]
    assert [value(each) for each in asked] == [[[number, number]] for number in (1.0, 2.0, 3.0)]
    assert batcher.sizes == [3]


def test_two_batches_that_wait_on_one_thread_do_not_give_way_to_each_other_for_ever(
    held: Any,
) -> None:
    class Either(ComposedService):
        def steps(self, call: Call, request: Request) -> Steps:
            answer: Message = yield Ask(self.units[call.headers == {}], call.method, request)
            return answer

    one, batchers = held(Adds(1.0), Adds(10.0), batcher=Patient, of=Either, on_one_thread=True)
    one.release()
    first = begin(one, 1.0, batchers[0], headers={"to": "the first"})
    second = begin(one, 1.0, batchers[1])
    assert value(first) == [[2.0, 2.0]]  # the second needs the thread
    one.service.draining = True
    assert value(second) == [[11.0, 11.0]]
    assert [batcher.sizes for batcher in batchers] == [[1], [1]]
