"""Observers are told of everything and break nothing; interceptors alter, answer and refuse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.call import Call
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method, Metric
from seldon_runtime.observer import CallRecord
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.service import Service

Serve = Callable[..., Service]


class Model:
    def predict(self, X: Any, names: Any) -> Any:
        if X == "fail":
            raise ValueError("no")
        return X

    def metrics(self) -> Any:
        return [{"type": "COUNTER", "key": "calls", "value": 1}]

    def send_feedback(self, features: Any, names: Any, reward: float, truth: Any) -> None:
        raise ValueError("cannot learn")


class Recorder:
    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.states: list[str] = []
        self.threads: set[int] = set()

    def call_finished(self, record: CallRecord) -> None:
        self.records.append(record)
        self.threads.add(threading.get_ident())

    def life_changed(self, state: str) -> None:
        self.states.append(state)


class Raises:
    def __init__(self, raised: BaseException) -> None:
        self.raised = raised

    def call_finished(self, record: CallRecord) -> None:
        raise self.raised

    def life_changed(self, state: str) -> None:
        raise RuntimeError("observer of life")


def call(body: bytes = b'{"strData":"x"}', method: Method = Method.PREDICT, **fields: Any) -> Call:
    return Call(method, body, JsonCodec(Limits()), "test", request_bytes=len(body), **fields)


def test_observers_are_told_of_a_good_call_on_the_components_thread(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [])
    answer = service.call(call())
    (record,) = recorder.records
    assert (record.method, record.transport, record.error) == (Method.PREDICT, "test", None)
    assert (record.request_bytes, record.response_bytes) == (15, len(answer))
    assert record.metrics == [Metric("calls", "COUNTER", 1.0)]
    assert record.reward is None
    assert 0 <= record.waited_s < 10
    assert 0 < record.ran_s < 10
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
    service.attach([recorder], [])
    with pytest.raises(SeldonError) as caught:
        service.call(one)
    service.executor.run(lambda: None)  # a late call is told of when its turn comes
    (record,) = recorder.records
    assert record.error is not None
    assert (record.error.code, record.error.message) == (code, caught.value.message)
    assert caught.value.code is code
    assert record.metrics == ()


def test_a_refused_call_is_told_as_not_run(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [])
    service.executor.stop(10)
    with pytest.raises(SeldonError):
        service.call(call())
    (record,) = recorder.records
    assert record.waited_s == 0
    assert record.error is not None
    assert record.error.code is ErrorCode.UNAVAILABLE
    assert recorder.threads == {threading.get_ident()}


def test_a_reward_counts_also_when_the_component_fails(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [])
    with pytest.raises(ComponentFailed):
        service.call(call(b'{"reward":0.5}', Method.SEND_FEEDBACK))
    assert [record.reward for record in recorder.records] == [0.5]


def test_observers_are_told_before_the_client_has_its_answer(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [])
    told: list[int] = []
    for body in (b'{"strData":"x"}', b'{"strData":"fail"}'):
        service.submit(call(body), lambda answer, error: told.append(len(recorder.records)))
    service.executor.stop(10)
    service.submit(call(), lambda answer, error: told.append(len(recorder.records)))
    assert told == [1, 2, 3]


def test_observers_are_told_the_size_of_a_good_answer(serve: Serve) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [])
    answer = service.call(call())
    with pytest.raises(ComponentFailed):
        service.call(call(b'{"strData":"fail"}'))
    assert [record.response_bytes for record in recorder.records] == [len(answer), 0]


def test_an_answer_that_cannot_be_measured_is_still_handed_over(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Measuring(JsonCodec):
        def outcome(self, answer: Any, error: SeldonError | None) -> tuple[str, int]:
            return "OK", len(answer)

    class Numbers:
        def intercept(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
            return 42

    service, recorder = serve(Model()), Recorder()
    service.attach([recorder], [Numbers()])
    assert service.call(Call(Method.PREDICT, b"{}", Measuring(Limits()), "test")) == 42
    assert [record.response_bytes for record in recorder.records] == [0]
    assert "transport test cannot measure an answer" in caplog.text


@pytest.mark.parametrize("raised", [RuntimeError("observer of calls"), SystemExit("observer of calls")])
def test_an_observer_that_raises_breaks_neither_calls_nor_other_observers(
    serve: Serve, caplog: pytest.LogCaptureFixture, raised: BaseException
) -> None:
    service, recorder = serve(Model()), Recorder()
    service.attach([Raises(raised), recorder], [])
    assert b'"x"' in service.call(call())
    service.change_life("ready")
    assert len(recorder.records) == 1
    assert recorder.states == ["ready"]
    assert [str(r.exc_info[1]) for r in caplog.records if r.exc_info] == [
        "observer of calls",
        "observer of life",
    ]


class Tagger:
    """Shows in which order interceptors stand around a call."""

    def __init__(self, tag: str, trace: list[str]) -> None:
        self.tag = tag
        self.trace = trace

    def intercept(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        self.trace.append(f"{self.tag} before")
        call.wire = call.wire.replace(b'":"', b'":"' + self.tag.encode())
        answer = proceed(call)
        self.trace.append(f"{self.tag} after")
        return answer + self.tag.encode()


class Guard:
    def intercept(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        if call.headers.get("authorization") != "let me in":
            raise SeldonError("who are you?", status_code=401)
        return b"from the guard"


class Crashes:
    def intercept(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        raise KeyError("interceptor")


def test_the_interceptor_named_first_is_the_outermost_and_all_may_alter(serve: Serve) -> None:
    service, trace = serve(Model()), list[str]()
    service.attach([], [Tagger("a", trace), Tagger("b", trace)])
    answer = service.call(call())
    assert trace == ["a before", "b before", "b after", "a after"]
    assert answer.startswith(b'{"meta":{"metrics":')
    assert answer.endswith(b'"strData":"bax"}ba')


def test_an_interceptor_may_refuse_or_answer_in_the_components_stead(serve: Serve) -> None:
    class Never:
        def predict(self, X: Any) -> Any:
            raise AssertionError("the component was called")

    service = serve(Never())
    service.attach([], [Guard()])
    with pytest.raises(SeldonError, match="who are you") as caught:
        service.call(call())
    assert caught.value.status_code == 401
    assert service.call(call(headers={"authorization": "let me in"})) == b"from the guard"


def test_calls_that_are_not_run_meet_no_interceptor(serve: Serve) -> None:
    service, trace = serve(Model()), list[str]()
    service.attach([], [Tagger("a", trace)])
    with pytest.raises(SeldonError, match="went away"):
        service.call(call(cancelled=True))
    assert trace == []


def test_an_interceptor_that_fails_is_an_error_of_the_call(serve: Serve) -> None:
    service = serve(Model())
    service.attach([], [Crashes()])
    with pytest.raises(ComponentFailed, match="interceptor") as caught:
        service.call(call())
    assert caught.value.where == "the runtime"
