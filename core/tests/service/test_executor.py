"""The component's thread: one, first in first out, bounded, and not to be stopped by a task."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.service import executor as module
from seldon_runtime.service.executor import Executor
from seldon_runtime.testing import WAIT_S


@pytest.fixture
def executor() -> Iterator[Executor]:
    executor = Executor(queue_size=3)
    executor.start()
    yield executor
    assert executor.stop(WAIT_S)


@pytest.fixture
def gate(executor: Executor) -> Iterator[threading.Event]:
    """Until it is set, the executor's thread is busy with a task that has begun."""
    begun, opened = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert opened.wait(WAIT_S)

    executor.submit(wait)
    assert begun.wait(WAIT_S)
    yield opened
    opened.set()


def refusal(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(SeldonError) as caught:
        act()
    return caught.value.code


def test_tasks_run_on_one_thread_in_the_order_they_came(executor: Executor, gate: threading.Event) -> None:
    ran: list[tuple[int, int]] = []
    for number in range(3):
        executor.submit(lambda number=number: ran.append((number, threading.get_ident())))  # type: ignore[misc]
    assert executor.waiting == 3
    gate.set()
    thread = executor.run(threading.get_ident)
    assert ran == [(0, thread), (1, thread), (2, thread)]
    assert thread != threading.get_ident()


def test_a_full_queue_refuses_at_once(executor: Executor, gate: threading.Event) -> None:
    ran: list[int] = []
    for number in range(3):
        executor.submit(lambda number=number: ran.append(number))  # type: ignore[misc]
    assert refusal(lambda: executor.submit(lambda: ran.append(3))) is ErrorCode.OVERLOADED
    gate.set()
    executor.run(lambda: None)
    assert ran == [0, 1, 2]
    executor.submit(lambda: ran.append(4))
    executor.run(lambda: None)
    assert ran == [0, 1, 2, 4]


def test_the_limit_holds_against_many_threads_at_once(executor: Executor, gate: threading.Event) -> None:
    outcomes: SimpleQueue[str] = SimpleQueue()
    together = threading.Barrier(16)

    def submit() -> None:
        together.wait(WAIT_S)
        try:
            executor.submit(lambda: None)
            outcomes.put("accepted")
        except SeldonError as error:
            outcomes.put(error.code.name)

    threads = [threading.Thread(target=submit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.get() for _ in threads) == ["OVERLOADED"] * 13 + ["accepted"] * 3


def test_run_is_not_subject_to_the_limit(executor: Executor, gate: threading.Event) -> None:
    for _ in range(3):
        executor.submit(lambda: None)
    gate_opener = threading.Timer(0, gate.set)
    gate_opener.start()
    assert executor.run(lambda: "result") == "result"
    gate_opener.join()


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), KeyboardInterrupt(), StopIteration(1)])
def test_run_raises_what_the_function_raised(executor: Executor, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        executor.run(fail)
    assert caught.value is error
    assert executor.run(lambda: "still there") == "still there"


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3)])
def test_a_task_that_raises_is_logged_and_does_not_end_the_thread(
    executor: Executor, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    before = executor.run(threading.get_ident)
    executor.submit(fail)
    assert executor.run(threading.get_ident) == before
    assert [(r.message, r.exc_info and r.exc_info[1]) for r in caplog.records] == [
        ("a task of the runtime failed", error)
    ]


def test_run_waits_as_long_as_it_takes(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_S", 0.001)
    opened = threading.Event()
    opener = threading.Timer(0.05, opened.set)
    opener.start()
    assert executor.run(lambda: opened.wait(WAIT_S)) is True
    opener.join()


def test_a_finished_task_is_let_go(executor: Executor) -> None:
    class Request:
        pass

    request = Request()
    gone = threading.Event()
    weakref.finalize(request, gone.set)
    executor.submit(lambda request=request: None)  # type: ignore[misc]
    del request
    assert gone.wait(WAIT_S), "an idle executor keeps the last request in memory"


def test_stop_runs_what_was_submitted_and_refuses_what_comes_later(
    executor: Executor, gate: threading.Event
) -> None:
    ran: list[int] = []
    executor.submit(lambda: ran.append(1))
    assert executor.stop(0) is False
    assert refusal(lambda: executor.submit(lambda: ran.append(2))) is ErrorCode.UNAVAILABLE
    assert refusal(lambda: executor.run(lambda: ran.append(3))) is ErrorCode.UNAVAILABLE
    gate.set()
    assert executor.stop(WAIT_S) is True
    assert ran == [1]


def test_stop_gives_up_in_time_while_tasks_hang() -> None:
    executor = Executor(threads=4)
    begun, opened = threading.Barrier(5), threading.Event()

    def hang() -> None:
        begun.wait(WAIT_S)
        opened.wait(WAIT_S)

    executor.start()
    for _ in range(4):
        executor.submit(hang)
    begun.wait(WAIT_S)
    patience = threading.Timer(1.1, opened.set)  # four threads must not be waited for one after the other
    patience.start()
    try:
        assert executor.stop(0.3) is False
    finally:
        opened.set()
        patience.cancel()
    assert executor.stop(WAIT_S) is True


def test_what_waits_when_the_threads_hang_is_run_by_no_other_thread(
    executor: Executor, gate: threading.Event
) -> None:
    """A snapshot that was taken beside a call that hangs would be torn."""
    ran: list[str] = []
    refused: list[ErrorCode] = []

    def snapshot() -> None:
        refused.append(refusal(lambda: executor.run(lambda: ran.append("snapshot"))))

    waiter = threading.Thread(target=snapshot)
    waiter.start()
    while not executor.waiting:
        time.sleep(0.001)
    for task in executor.abandon():
        task()
    waiter.join(WAIT_S)
    assert (ran, refused) == ([], [ErrorCode.UNAVAILABLE])


def test_an_executor_that_never_started_stops() -> None:
    assert Executor().stop() is True


def test_several_threads_run_tasks_at_the_same_time() -> None:
    executor = Executor(threads=2)
    executor.start()
    meeting = threading.Barrier(2)
    for _ in range(2):
        executor.submit(lambda: meeting.wait(WAIT_S))  # type: ignore[arg-type]
    assert executor.stop(WAIT_S)
    assert not meeting.broken


def test_a_component_thread_has_an_event_loop_of_its_own_until_it_ends() -> None:
    executor = Executor(threads=1)
    executor.start()
    loop = executor.run(asyncio.get_event_loop)
    assert executor.run(lambda: loop.run_until_complete(asyncio.sleep(0, "slept"))) == "slept"
    assert executor.stop(WAIT_S)
    assert loop.is_closed()


def test_only_its_own_threads_are_current() -> None:
    executor, other = Executor(), Executor(threads=2)
    for each in (executor, other):
        each.start()
    assert not executor.is_current
    assert executor.run(lambda: (executor.is_current, other.is_current)) == (True, False)
    assert other.run(lambda: (executor.is_current, other.is_current)) == (False, True)
    assert executor.stop(WAIT_S)
    assert other.stop(WAIT_S)


def test_a_full_queue_has_no_room() -> None:
    executor = Executor(queue_size=1)  # it is not started: the task waits
    executor.require_room()
    executor.submit(lambda: None)
    with pytest.raises(SeldonError) as caught:
        executor.require_room()
    assert caught.value.code is ErrorCode.OVERLOADED
    assert caught.value.headers["Retry-After"] == "1"
