"""Deadlines: told in time whatever the component does, and never a call that starts too late."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.done import BoundedDone
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.service import Service
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., Service]
Ask = Callable[[Service, Call], Any]
SOON_S = 0.3  # long enough for a call to begin on a busy machine
LATE_S = 60.0


class Gated:
    """Each call waits until ``opened``."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.seen: list[str] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.seen.append(X)
        self.entered.set()
        assert self.opened.wait(WAIT_S)
        if X == "fail":
            raise ValueError("too late, and wrong")
        return X

    def health_status(self) -> str:
        return self.predict("health", [])  # type: ignore[no-any-return]


class Recorder(Observer):
    def __init__(self) -> None:
        self.records: list[Outcome] = []

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self.records.append(outcome)


@pytest.fixture
def user() -> Iterator[Gated]:
    user = Gated()
    yield user
    user.opened.set()


@pytest.fixture(params=["call", "call_async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Both ways to wait for an answer."""
    if request.param == "call":
        return Service.call
    return lambda service, one: asyncio.run(service.call_async(one))


def call(
    text: str = "x", within_s: float | None = None, method: Method = Method.PREDICT, **more: Any
) -> Call:
    deadline = None if within_s is None else time.monotonic() + within_s
    body = b'{"strData":"%s"}' % text.encode()
    return Call(method, body, JsonCodec(Limits()), "test", deadline=deadline, **more)


def too_late(ask: Ask, service: Service, one: Call) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        ask(service, one)
    assert caught.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert one.deadline is not None
    assert time.monotonic() >= one.deadline
    return caught.value


def finish(service: Service, user: Gated) -> None:
    """Let all calls that were submitted end."""
    user.opened.set()
    service.executor.run(lambda: None)


def test_the_error_names_the_components_for_which_the_call_waits(serve: Serve, user: Gated, ask: Ask) -> None:
    service = serve(user)
    one = call("x", SOON_S, waits_for=lambda: "the part 'b'")
    error = too_late(ask, service, one)
    assert error.message == "the call was not answered within its time: it was waiting for the part 'b'"
    finish(service, user)
    assert isinstance(one.waits_for, partial)  # the text alone


def test_a_timer_that_runs_while_the_call_ends_still_names_the_components(serve: Serve, user: Gated) -> None:
    told: list[SeldonError | None] = []
    one = call("x", 0.0, waits_for=lambda: "the part 'b'")
    timers: Any = SimpleNamespace(pending={}, looks_at=-math.inf)
    done = BoundedDone(timers, one, lambda answer, error: told.append(error))
    timers.pending.clear()  # the thread of the timers has taken it
    serve(user).finish(one, done, None, SeldonError("the part is too slow"), 0.0)
    assert told == []
    done.run()
    assert [str(error) for error in told] == [
        "the call was not answered within its time: it was waiting for the part 'b'"
    ]


@pytest.mark.parametrize(("place", "logged"), [(lambda: "", ""), (lambda: 1 / 0, "ZeroDivisionError")])
def test_a_place_that_nobody_knows_is_not_told(
    serve: Serve,
    user: Gated,
    ask: Ask,
    place: Callable[[], str],
    logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = serve(user)
    error = too_late(ask, service, call("x", SOON_S, waits_for=place))
    assert error.message == "the call was not answered within its time: the component is busy, or it hangs"
    assert logged in caplog.text
    finish(service, user)


@pytest.mark.parametrize("text", ["x", "fail"])
def test_a_call_that_still_runs_at_its_deadline_is_told_then(
    serve: Serve, user: Gated, ask: Ask, text: str
) -> None:
    service, recorder = serve(user), Recorder()
    service.attach([recorder], [])
    error = too_late(ask, service, call(text, SOON_S))
    assert error.message == "the call was not answered within its time: the component is busy, or it hangs"
    assert not recorder.records  # it is still running
    finish(service, user)
    (record,) = recorder.records
    assert record.error is not None
    assert record.error.code is (ErrorCode.DEADLINE_EXCEEDED if text == "x" else ErrorCode.COMPONENT_FAILED)


def test_a_call_that_still_waits_at_its_deadline_is_told_then_and_never_run(
    serve: Serve, user: Gated, ask: Ask
) -> None:
    service = serve(user)
    service.submit(call("first"), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    too_late(ask, service, call("late", SOON_S))
    finish(service, user)
    assert user.seen == ["first"]


def test_a_submitted_call_is_told_at_its_deadline_and_once(serve: Serve, user: Gated) -> None:
    service = serve(user)
    told: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    service.submit(call("x", SOON_S), lambda answer, error: told.put((answer, error)))
    answer, error = told.get(timeout=WAIT_S)
    assert answer is None
    assert error is not None
    assert error.code is ErrorCode.DEADLINE_EXCEEDED
    finish(service, user)
    assert told.empty()


def test_an_answer_in_time_is_given(serve: Serve, user: Gated, ask: Ask) -> None:
    user.opened.set()
    service = serve(user, limits=Limits(timeout_s=LATE_S))
    assert b'"x"' in ask(service, call("x", LATE_S))


def test_the_client_that_is_told_gets_the_id_under_which_the_call_is_logged(
    serve: Serve, user: Gated, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(user)
    named, unnamed = call("fail", SOON_S, request_id="mine"), call("fail", SOON_S)
    too_late(ask, service, named)
    too_late(ask, service, unnamed)
    told = unnamed.request_id
    assert told
    finish(service, user)
    assert (named.request_id, unnamed.request_id) == ("mine", told)
    assert "request mine" in caplog.text


@pytest.mark.parametrize(
    ("own_s", "client_s", "counts_s"),
    [(30, None, 30), (30, 10, 10), (10, 30, 10), (None, 10, 10), (None, None, None)],
)
def test_the_earlier_deadline_counts(
    serve: Serve, user: Gated, own_s: float | None, client_s: float | None, counts_s: float | None
) -> None:
    user.opened.set()
    service = serve(user, limits=Limits(timeout_s=own_s, health_timeout_s=1.0))
    one = call("x", client_s)
    began = time.monotonic()
    service.call(one)
    if counts_s is None:
        assert one.deadline is None
    else:
        assert one.deadline is not None
        assert -1 < one.deadline - began - counts_s < 5


def test_health_has_a_limit_of_its_own(serve: Serve, user: Gated, ask: Ask) -> None:
    service = serve(user, limits=Limits(timeout_s=LATE_S, health_timeout_s=SOON_S))
    error = too_late(ask, service, call(method=Method.HEALTH_STATUS))
    assert error.message.startswith("health_status was not answered within its time")
    one = call("x")
    service.submit(one, lambda answer, error: None)
    assert one.deadline is not None
    assert one.deadline > time.monotonic() + LATE_S / 2


def test_health_without_user_code_has_no_deadline(serve: Serve, user: Gated, ask: Ask) -> None:
    class Plain:
        def predict(self, X: Any, names: Any) -> Any:
            return user.predict(X, names)

    service = serve(Plain(), limits=Limits(health_timeout_s=SOON_S))
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    one = call(method=Method.HEALTH_STATUS)
    assert b"healthy" in ask(service, one)
    assert one.deadline is None


def test_a_deadline_that_passed_before_the_call_came_is_told_at_once(
    serve: Serve, user: Gated, ask: Ask
) -> None:
    service = serve(user)
    too_late(ask, service, call("late", -1.0))
    finish(service, user)
    assert not user.seen
