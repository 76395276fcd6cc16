"""Async methods answer as plain ones do, in every method, form and wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.calls.unfinished import (
    Unfinished,
    is_async,
    is_generator,
    is_unfinished,
    run_to_end,
)
from seldon_runtime.component.result import pack
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import ARRAYS, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.components import BAD_RESULTS, ERRORS, RESULTS, Detector, Mirror
from seldon_runtime.testing.served import run_call

METHODS = (
    *("predict", "transform_input", "transform_output", "route", "aggregate", "send_feedback"),
    *("health_status", "score", "infer", "predict_raw", "health_status_raw", "send_feedback_raw"),
)


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """An event loop of the test's thread, as a component thread has one."""
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    yield
    asyncio.set_event_loop(None)
    own.close()


def awaiting(cls: type) -> type:
    """The same class with async methods."""

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        async def later(*arguments: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            return function(*arguments, **named)

        return later

    found = {name: made(getattr(cls, name)) for name in METHODS if hasattr(cls, name)}
    return type(cls.__name__, (cls,), found)


def outcome(user: object, method: Method, request: Any, kind: ServiceType = ServiceType.MODEL) -> Any:
    call = Call(method, json.dumps(request).encode(), JsonCodec(Limits()), "test")
    try:
        answer = run_call(ComponentAdapter(user, service_type=kind), call)
    except SeldonError as error:
        return type(error), error.code, error.message, call.reward
    return json.loads(answer), call.metrics, call.reward


TEXTS = [*RESULTS, *BAD_RESULTS, *ERRORS]
TENSOR = {"data": {"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [1, 2]}}}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("method", [Method.PREDICT, Method.TRANSFORM_OUTPUT])
def test_every_result_and_error_is_that_of_the_plain_class(text: str, method: Method) -> None:
    request = {"strData": text, "meta": {"puid": "p", "tags": {"a": 1}}}
    assert outcome(awaiting(Mirror)(), method, request) == outcome(Mirror(), method, request)


REQUESTS = [
    (Method.TRANSFORM_INPUT, TENSOR),
    (Method.ROUTE, TENSOR),
    (Method.AGGREGATE, {"seldonMessages": [TENSOR, {"strData": "x"}]}),
    (Method.SEND_FEEDBACK, {"request": TENSOR, "reward": 2.5, "truth": TENSOR}),
    (Method.HEALTH_STATUS, {}),
]


@pytest.mark.parametrize(("method", "request_"), REQUESTS, ids=str)
def test_every_method_answers_as_that_of_the_plain_class(method: Method, request_: Any) -> None:
    assert outcome(awaiting(Mirror)(), method, request_) == outcome(Mirror(), method, request_)


class Absent:
    def predict(self, *_: Any) -> Any:
        raise SeldonNotImplementedError

    transform_input = transform_output = route = aggregate = send_feedback = predict
    health_status = predict_raw = health_status_raw = predict


@pytest.mark.parametrize(("method", "request_"), [*REQUESTS, (Method.PREDICT, TENSOR)], ids=str)
def test_a_method_that_is_not_implemented_after_all_counts_as_absent(method: Method, request_: Any) -> None:
    expected = outcome(Absent(), method, request_)
    assert outcome(awaiting(Absent)(), method, request_) == expected
    if method in (Method.PREDICT, Method.TRANSFORM_INPUT):
        arrays = Message(Payload(ARRAYS, {"a": np.ones((2, 1)), "b": np.zeros((2, 1))}))
        answers = [
            run_call(ComponentAdapter(cls()), Call(method, arrays, NeutralCodec(), "test"))
            for cls in (Absent, awaiting(Absent))
        ]
        assert str(answers[0].payload) == str(answers[1].payload)


@pytest.mark.parametrize("detector", [Detector, type("Bad", (), {"score": lambda self, X, names: 3})])
def test_an_outlier_detector_may_await(detector: Any) -> None:
    kind = ServiceType.OUTLIER_DETECTOR
    expected = outcome(detector(), Method.TRANSFORM_INPUT, TENSOR, kind)
    assert outcome(awaiting(detector)(), Method.TRANSFORM_INPUT, TENSOR, kind) == expected
    call = Call(Method.TRANSFORM_INPUT, Message(Payload(ARRAYS, {"a": np.ones((2, 2))})), NeutralCodec(), "t")
    if detector is Detector:
        answer = run_call(ComponentAdapter(awaiting(Detector)(), service_type=kind), call)
        assert answer.meta.tags == {"outlierScore": [2.0, 2.0]}


class Infers:
    def infer(self, inputs: Any, parameters: Any = None) -> Any:
        return Response({name: array * 2 for name, array in inputs.items()}, {"a": 1}, headers={"X-A": "b"})


def test_infer_may_await_for_arrays_and_for_v1() -> None:
    assert outcome(awaiting(Infers)(), Method.PREDICT, TENSOR) == outcome(Infers(), Method.PREDICT, TENSOR)
    arrays = Message(Payload(ARRAYS, {"a": np.ones((2, 1))}))
    answer = run_call(
        ComponentAdapter(awaiting(Infers)()), Call(Method.PREDICT, arrays, NeutralCodec(), "test")
    )
    assert answer.payload.value["a"].tolist() == [[2], [2]]


class RawOnes:
    def predict_raw(self, request: Any) -> Any:
        return {"strData": "raw", "meta": {"metrics": [{"type": "COUNTER", "key": "k", "value": 1}]}}

    def send_feedback_raw(self, feedback: Any) -> Any:
        return {"strData": "fed"}

    def health_status_raw(self) -> Any:
        return {"strData": "raw health"}


@pytest.mark.parametrize(
    ("method", "request_"),
    [(Method.PREDICT, TENSOR), (Method.SEND_FEEDBACK, {"reward": 2}), (Method.HEALTH_STATUS, {})],
)
def test_raw_methods_may_await(method: Method, request_: Any) -> None:
    assert outcome(awaiting(RawOnes)(), method, request_) == outcome(RawOnes(), method, request_)


def test_an_async_raw_method_that_is_not_implemented_hands_over_to_an_async_plain_one() -> None:
    class Both:
        async def predict_raw(self, request: Any) -> Any:
            raise SeldonNotImplementedError

        async def predict(self, X: Any, names: Any) -> Any:
            return "plain"

    assert outcome(Both(), Method.PREDICT, TENSOR)[0]["strData"] == "plain"


def test_an_async_load_runs_to_its_end_and_a_failing_one_is_named() -> None:
    class Loads:
        fails = False

        async def load(self) -> None:
            await asyncio.sleep(0)
            if self.fails:
                raise ValueError("no model")
            self.model = asyncio.get_running_loop()

        def predict(self, X: Any, names: Any) -> Any:
            return X

    user = Loads()
    adapter = ComponentAdapter(user)
    adapter.load()
    assert user.model is asyncio.get_event_loop()
    assert adapter.is_async
    Loads.fails = True
    with pytest.raises(ComponentFailed, match="no model") as caught:
        adapter.load()
    assert caught.value.where.endswith("Loads.load")


def test_methods_that_load_sets_may_be_async() -> None:
    class Late:
        def load(self) -> None:
            async def predict(X: Any, names: Any) -> Any:
                return "late"

            self.predict = predict

    user = Late()
    adapter = ComponentAdapter(user)
    assert not adapter.is_async
    adapter.load()
    assert adapter.is_async
    assert outcome(user, Method.PREDICT, TENSOR)[0]["strData"] == "late"


def test_an_awaitable_is_not_a_payload() -> None:
    future = asyncio.get_event_loop().create_future()
    with pytest.raises(Unfinished, match="returned Future, which must be awaited") as caught:
        pack(future, None, lambda: None)
    assert caught.value.result is future
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert is_unfinished(future)
    assert not is_unfinished("text")


def test_functions_are_known_behind_wrappers() -> None:
    async def later() -> None: ...

    def items() -> Iterator[int]:
        yield 1

    for function, is_kind in ((later, is_async), (items, is_generator)):

        @wraps(function)
        def wrapper() -> Any:
            return None

        assert is_kind(function)
        assert is_kind(wrapper)
        assert not is_kind(len)


def test_a_thread_without_a_loop_gets_one() -> None:
    asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)

    async def one() -> int:
        return 1

    assert run_to_end(one()) == 1
    asyncio.get_event_loop().close()
