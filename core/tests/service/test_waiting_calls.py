"""Calls that wait: a bounded queue, health and metadata meanwhile, and calls that are never run."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.method import Method
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.testing import WAIT_S

from .doubler import Doubler, answer, call, submitted

Serve = Callable[..., ComponentService]


def test_a_full_queue_is_an_error_of_the_call_and_told_at_once(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, queue_size=1)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    service.submit(call(), lambda answer, error: None)
    told: list[tuple[Any, SeldonError | None]] = []
    service.submit(call(), lambda answer, error: told.append((answer, error)))
    user.opened.set()
    assert [(answer, error and error.code) for answer, error in told] == [(None, ErrorCode.OVERLOADED)]


def test_a_call_after_the_end_is_refused_not_lost(serve: Serve) -> None:
    service = serve(Doubler())
    service.executor.stop(WAIT_S)
    with pytest.raises(SeldonError, match="has stopped") as caught:
        service.call(call())
    assert caught.value.code is ErrorCode.UNAVAILABLE


def test_cancelled_and_late_calls_are_never_run(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    outcomes = submitted(
        service,
        call("gone", cancelled=True),
        call("late", deadline=time.monotonic()),
        call("early", deadline=time.monotonic() + 60),
    )
    codes = {error and error.code for _, error in outcomes}  # the timer may be the quickest
    assert codes == {ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED, None}
    assert user.seen == ["early"]


def test_health_without_user_code_is_answered_while_a_call_runs(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    assert service.call(call(method=Method.HEALTH_STATUS)) == answer("healthy")
    user.opened.set()


def test_metadata_is_a_call_that_is_answered_at_once_while_another_runs(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, metadata={"name": "m"})
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    assert service.call(call(method=Method.METADATA)) == b'{"name":"m"}'
    user.opened.set()
    wrong = serve(Doubler(), metadata=SeldonError("bad", code=ErrorCode.BAD_METADATA))
    with pytest.raises(SeldonError, match="bad"):
        wrong.call(call(method=Method.METADATA))


def test_a_full_queue_says_when_to_try_again(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, queue_size=1)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    service.submit(call(), lambda answer, error: None)
    with pytest.raises(SeldonError) as caught:
        service.call(call())
    user.opened.set()
    assert caught.value.headers == {"Retry-After": "1"}


def test_the_calls_that_wait_are_counted(serve: Serve) -> None:
    doubler = Doubler()
    service = serve(doubler)
    doubler.opened.clear()
    outcomes: SimpleQueue[Any] = SimpleQueue()
    for _ in range(3):
        service.submit(call(), lambda answer, error: outcomes.put(answer))
    assert doubler.entered.wait(WAIT_S)
    assert service.waiting == 2
    doubler.opened.set()
    assert [outcomes.get(timeout=WAIT_S) for _ in range(3)] == [answer("abab")] * 3
    assert service.waiting == 0
