"""Observers see every call and every state of the process, and break nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer, SaveRecord
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., ComponentService]


class Model:
    def predict(self, X: Any, names: Any) -> Any:
        if X == "fail":
            raise ValueError("no")
        return X

    def metrics(self) -> Any:
        return [{"type": "COUNTER", "key": "calls", "value": 1}]

    def send_feedback(self, features: Any, names: Any, reward: float, truth: Any) -> None:
        raise ValueError("cannot learn")


class Recorder(Observer):
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.outcomes: list[Outcome] = []
        self.threads: set[int] = set()

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self.calls.append(call)
        self.outcomes.append(outcome)
        self.threads.add(threading.get_ident())


class Raises(Observer):
    def __init__(self, raised: BaseException) -> None:
        self.raised = raised

    def call_started(self, call: Call) -> None:
        raise self.raised

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        raise self.raised

    def state_saved(self, record: SaveRecord) -> None:
        raise self.raised


SPAN: ContextVar[str] = ContextVar("span", default="")


class Closed(Interceptor):
    def admit(self, call: Call) -> None:
        raise SeldonError("closed", code=ErrorCode.UNAUTHENTICATED)


def call(body: bytes = b'{"strData":"x"}', method: Method = Method.PREDICT, **fields: Any) -> Call:
    return Call(method, body, JsonCodec(Limits()), "test", request_bytes=len(body), **fields)


def test_observers_are_told_of_a_good_call_on_the_components_thread(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    answer = service.call(call())
    (seen,), (outcome,) = recorder.calls, recorder.outcomes
    assert (seen.method, seen.transport, outcome.error) == (Method.PREDICT, "test", None)
    assert (seen.request_bytes, outcome.response_bytes) == (15, len(answer))
    assert seen.metrics == [Metric("calls", "COUNTER", 1.0)]
    assert seen.reward is None
    assert outcome.status == "OK"
    assert 0 <= outcome.waited_s < 10
    assert 0 < outcome.ran_s < 10
    assert recorder.threads == {service.executor.run(threading.get_ident)}


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (call(b'{"strData":"fail"}'), ErrorCode.COMPONENT_FAILED),
        (call(b"{}"), ErrorCode.BAD_DATA),
        (call(b"no json"), ErrorCode.BAD_DATA),
        (call(cancelled=True), ErrorCode.CANCELLED),
        (call(deadline=0.0), ErrorCode.DEADLINE_EXCEEDED),
        (call(method=Method.ROUTE), ErrorCode.NOT_IMPLEMENTED),
    ],
    ids=lambda value: value.name if isinstance(value, ErrorCode) else "",
)
def test_observers_are_told_of_every_error(serve: Serve, one: Call, code: ErrorCode) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    with pytest.raises(SeldonError) as caught:
        service.call(one)
    service.executor.run(lambda: None)  # a late call is told of when its turn comes
    (seen,), (outcome,) = recorder.calls, recorder.outcomes
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == (code, caught.value.message)
    assert (caught.value.code, outcome.status) == (code, code.name)
    assert seen.metrics == ()


def test_a_refused_call_is_told_as_not_run(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    service.executor.stop(WAIT_S)
    with pytest.raises(SeldonError):
        service.call(call())
    (outcome,) = recorder.outcomes
    assert outcome.waited_s == 0
    assert outcome.error is not None
    assert outcome.error.code is ErrorCode.UNAVAILABLE
    assert recorder.threads == {threading.get_ident()}


def test_a_reward_counts_also_when_the_component_fails(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    with pytest.raises(ComponentFailed):
        service.call(call(b'{"reward":0.5}', Method.SEND_FEEDBACK))
    assert [seen.reward for seen in recorder.calls] == [0.5]


def test_observers_are_told_before_the_client_has_its_answer(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    told: list[int] = []
    for body in (b'{"strData":"x"}', b'{"strData":"fail"}'):
        service.submit(call(body), lambda answer, error: told.append(len(recorder.outcomes)))
    service.executor.stop(WAIT_S)
    service.submit(call(), lambda answer, error: told.append(len(recorder.outcomes)))
    assert told == [1, 2, 3]


def test_observers_are_told_the_size_of_a_good_answer(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    answer = service.call(call())
    with pytest.raises(ComponentFailed):
        service.call(call(b'{"strData":"fail"}'))
    assert [outcome.response_bytes for outcome in recorder.outcomes] == [len(answer), 0]


def test_an_answer_that_cannot_be_measured_is_still_handed_over(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Measuring(JsonCodec):
        def outcome(self, answer: Any, error: SeldonError | None) -> tuple[str, int]:
            return "OK", answer.size

    service, recorder = serve(Model()), Recorder()
    service.attach([recorder])
    answer = service.call(Call(Method.PREDICT, b'{"strData":"x"}', Measuring(Limits()), "test"))
    assert b'"x"' in answer
    assert [(outcome.status, outcome.response_bytes) for outcome in recorder.outcomes] == [("OK", 0)]
    assert "transport test cannot measure an answer" in caplog.text


@pytest.mark.parametrize("raised", [RuntimeError("observer of calls"), SystemExit("observer of calls")])
def test_an_observer_that_raises_breaks_neither_calls_nor_other_observers(
    serve: Serve, caplog: pytest.LogCaptureFixture, raised: BaseException
) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([Raises(raised), recorder])
    assert b'"x"' in service.call(call())
    service.state_saved(SaveRecord(None, 1, 0.0, 0.0))
    assert len(recorder.outcomes) == 1
    assert [r.getMessage() for r in caplog.records if r.exc_info] == ["Raises failed"] * 3


def test_an_observer_sees_a_call_start_in_the_context_of_user_code(serve: Serve) -> None:
    class Spans(Observer):
        def call_started(self, call: Call) -> None:
            SPAN.set(f"span of {call.request_id}")

    class Reads:
        def predict(self, X: Any, names: Any) -> Any:
            return SPAN.get()

    service = serve(Reads())
    service.attach([Spans()])
    assert b"span of r-1" in service.call(call(request_id="r-1"))
    assert service.executor.run(SPAN.get) == ""


def test_refused_calls_are_seen_with_their_headers_and_not_as_started(serve: Serve) -> None:
    class Starts(Recorder):
        started = 0

        def call_started(self, call: Call) -> None:
            self.started += 1

    service, observer = serve(Model()), Starts()
    service.attach([observer], [Closed()])
    with pytest.raises(SeldonError):
        service.call(call(headers={"authorization": "who knows"}))
    assert observer.started == 0
    assert [seen.headers for seen in observer.calls] == [{"authorization": "who knows"}]


def test_a_call_reports_its_end_to_the_function_that_it_has(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    errors: list[tuple[SeldonError | None, int]] = []
    calls = [
        call(body, on_end=recorder.call_finished) for body in (b'{"strData":"x"}', b'{"strData":"fail"}')
    ]
    for one in calls:
        service.submit(one, lambda _, error: errors.append((error, len(recorder.outcomes))))
    service.executor.run(lambda: None)
    assert recorder.calls == calls
    assert errors == [(outcome.error, number) for number, outcome in enumerate(recorder.outcomes, 1)]


def test_a_function_for_the_end_that_raises_does_not_harm_its_call(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(Model())
    assert service.call(call(on_end=Raises(SystemExit(1)).call_finished))
    assert "on_end of a call of test failed" in caplog.text


def test_a_call_without_anyone_to_tell_is_not_measured(serve: Serve) -> None:
    class Unmeasured(JsonCodec):
        def outcome(self, answer: Any, error: SeldonError | None) -> Any:
            raise AssertionError("measured for nobody")

    service, told = serve(Model()), []
    service.call(call(on_end=lambda *end: told.append(end)))
    service.call(Call(Method.PREDICT, b'{"strData":"x"}', Unmeasured(Limits()), "test"))
    assert len(told) == 1
