"""``done`` is called once, whoever is quicker, and whatever a transport or a codec raises."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.method import Method
from seldon_runtime.service.done import BoundedDone, hand_over, measure, refusal
from seldon_runtime.service.timers import Timers
from seldon_runtime.testing import WAIT_S


def call(within_s: float | None = None, **fields: Any) -> Call:
    deadline = None if within_s is None else time.monotonic() + within_s
    return Call(Method.PREDICT, None, NeutralCodec(), "test", deadline=deadline, **fields)


def test_of_an_answer_and_a_deadline_at_the_same_moment_one_is_told(timers: Timers) -> None:
    for _ in range(200):
        told: SimpleQueue[Any] = SimpleQueue()
        finish = BoundedDone(timers, call(0.0005), lambda answer, error, told=told: told.put((answer, error)))  # type: ignore[misc]
        start = threading.Barrier(2)

        def answer(finish: Any = finish, start: threading.Barrier = start) -> None:
            start.wait(WAIT_S)
            finish("answer", None)

        thread = threading.Thread(target=answer)
        thread.start()
        start.wait(WAIT_S)
        thread.join(WAIT_S)
        first, error = told.get(timeout=WAIT_S)
        assert (first == "answer") is (error is None)
        assert told.empty()


def test_an_answer_in_time_cancels_the_timer_and_releases_the_call(timers: Timers) -> None:
    told: list[Any] = []
    finish = BoundedDone(timers, call(3600), lambda answer, error: told.append(answer))
    finish("answer", None)
    finish("again", None)
    assert told == ["answer"]
    assert not timers.pending


def test_a_transport_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(answer: Any, error: SeldonError | None) -> None:
        raise OSError("the client is gone")

    hand_over(call(), fail, "answer", None)
    assert caplog.messages == ["transport test failed to accept an answer"]


@pytest.mark.parametrize(("error", "status"), [(None, "OK"), (SeldonError("no"), "COMPONENT_FAILED")])
def test_a_codec_that_cannot_measure_is_logged(
    caplog: pytest.LogCaptureFixture, error: SeldonError | None, status: str
) -> None:
    class Broken(NeutralCodec):
        def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
            raise ValueError("no size")

    one = call()
    one.codec = Broken()
    assert measure(one, "answer", error) == (status, 0)
    assert caplog.messages == ["transport test cannot measure an answer"]


def test_cancelled_and_late_calls_are_refused_and_others_run() -> None:
    codes = [error and error.code for error in map(refusal, (call(cancelled=True), call(-1.0), call(60.0)))]
    assert codes == [ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED, None]
