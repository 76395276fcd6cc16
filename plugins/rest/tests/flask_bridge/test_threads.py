"""The threads that read requests: few, shared, behind a bounded queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_rest.flask_bridge.threads import MOST_THREADS, RequestThreads


class Outcomes:
    """What ``done`` received."""

    def __init__(self, expected: int) -> None:
        self.all: list[tuple[Any, SeldonError | None]] = []
        self._expected = threading.Semaphore(0)
        self._count = expected

    def done(self, answer: Any, error: SeldonError | None) -> None:
        self.all.append((answer, error))
        self._expected.release()

    def wait(self) -> list[tuple[Any, SeldonError | None]]:
        for _ in range(self._count):
            assert self._expected.acquire(timeout=WAIT_S)
        return self.all


@pytest.fixture
def threads() -> Iterator[RequestThreads]:
    threads = RequestThreads(most_waiting=3)
    yield threads
    threads.stop()


def test_a_thread_is_used_again(threads: RequestThreads) -> None:
    names = []
    for _ in range(5):
        outcomes = Outcomes(1)
        threads.run(lambda done: done(threading.current_thread(), None), outcomes.done)
        names.append(outcomes.wait()[0][0])
        wait_until(lambda: threads._idle == 1, "the thread to be idle")
    assert len(set(names)) == 1


def test_too_many_requests_are_refused_and_the_others_answered(threads: RequestThreads) -> None:
    gate = threading.Event()
    outcomes = Outcomes(MOST_THREADS + 3)

    def work(done: Any) -> None:
        assert gate.wait(WAIT_S)
        done("answer", None)

    for _ in range(MOST_THREADS):
        threads.run(work, outcomes.done)
    for _ in range(3):
        threads.run(work, outcomes.done)
    with pytest.raises(SeldonError) as error:
        threads.run(work, outcomes.done)
    assert (error.value.code, error.value.headers) == (ErrorCode.OVERLOADED, {"Retry-After": "1"})
    gate.set()
    assert outcomes.wait() == [("answer", None)] * (MOST_THREADS + 3)


def test_an_error_becomes_the_outcome_and_a_fault_is_logged(threads: RequestThreads, caplog: Any) -> None:
    refusal = SeldonError("no")
    for raised in (refusal, RuntimeError("broken")):
        outcomes = Outcomes(1)

        def fail(done: Any, raised: Exception = raised) -> None:
            raise raised

        threads.run(fail, outcomes.done)
        ((_, error),) = outcomes.wait()
        assert error is refusal or "its log says why" in error.message
    assert ["broken" in str(record.exc_info) for record in caplog.records] == [True]


def test_it_ends_when_it_is_told_to(threads: RequestThreads) -> None:
    outcomes = Outcomes(1)
    threads.run(lambda done: done(threading.current_thread(), None), outcomes.done)
    thread = outcomes.wait()[0][0]
    threads.stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()
