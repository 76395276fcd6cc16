"""The event loop of a component's thread: order, concurrency, snapshots between steps, the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.running.event_loop import use_uvloop
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.waiting import Background

Make = Callable[..., Executor]


@pytest.fixture
def make() -> Iterator[Make]:
    executors: list[Executor] = []

    def made(**options: Any) -> Executor:
        executors.append(Executor(**options))
        executors[-1].start()
        return executors[-1]

    yield made
    for executor in executors:
        assert executor.stop(WAIT_S)


class Door:
    """Coroutines wait at the door until it opens, from any thread."""

    def __init__(self) -> None:
        self.entered = 0
        self.left = 0
        self._events: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._is_open = False

    async def walk(self) -> None:
        event = asyncio.Event()
        self._events.append((asyncio.get_running_loop(), event))
        self.entered += 1
        if not self._is_open:
            await event.wait()
        self.left += 1

    def open(self) -> None:
        self._is_open = True
        for loop, event in self._events:
            loop.call_soon_threadsafe(event.set)

    def enter(self, executor: Executor) -> None:
        executor.submit(lambda: executor.spawn(self.walk()))


@pytest.mark.parametrize("threads", [1, 3])
def test_coroutines_interleave_up_to_the_concurrency(make: Make, threads: int) -> None:
    executor, door = make(concurrency=4, threads=threads), Door()
    for _ in range(10):
        door.enter(executor)
    wait_until(lambda: door.entered >= 4, "four coroutines to be under way")
    assert executor.run(lambda: door.entered) <= 4 + (threads - 1)  # those that the helpers had taken
    assert executor.waiting > 0
    door.open()
    wait_until(lambda: door.left == 10, "all coroutines to end")
    assert executor.waiting == 0


def test_the_first_coroutine_keeps_the_order_of_waiting_tasks(make: Make) -> None:
    executor, seen = make(), list[int]()
    executor.submit(lambda: executor.spawn(Door().walk()) if seen is None else None)
    gate = threading.Event()
    executor.submit(lambda: executor.spawn(noted(seen, -1)))
    executor.submit(lambda: gate.wait(WAIT_S))
    for number in range(5):
        executor.submit(partial(seen.append, number))
    gate.set()
    wait_until(lambda: len(seen) == 6, "all tasks to run")
    assert [number for number in seen if number >= 0] == [0, 1, 2, 3, 4]


async def noted(seen: list[int], number: int) -> None:
    seen.append(number)


def test_everything_of_one_thread_runs_on_one_thread(make: Make) -> None:
    executor, idents = make(), set[int]()

    async def note() -> None:
        await asyncio.sleep(0)
        idents.add(threading.get_ident())

    executor.submit(lambda: executor.spawn(note()))
    executor.submit(lambda: idents.add(threading.get_ident()))
    executor.run(executor.interleave)
    idents.add(executor.run(threading.get_ident))
    wait_until(lambda: executor.finished >= 2, "the tasks")
    door = Door()
    door.open()
    door.enter(executor)
    wait_until(lambda: door.left == 1, "a last coroutine")
    assert len(idents) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_a_snapshot_is_taken_while_all_slots_are_busy(make: Make, threads: int) -> None:
    executor, door = make(concurrency=1, threads=threads), Door()
    door.enter(executor)
    wait_until(lambda: door.entered == 1, "the coroutine to wait")
    door.enter(executor)
    assert executor.run(lambda: (door.entered, door.left)) == (1, 0)
    door.open()
    wait_until(lambda: door.left == 2, "the coroutines to end")


def test_stop_waits_for_coroutines_and_refuses_further_tasks(make: Make) -> None:
    executor, door = make(), Door()
    door.enter(executor)
    wait_until(lambda: door.entered == 1, "the coroutine to wait")
    stopping = Background(lambda: executor.stop(WAIT_S))
    wait_until(lambda: is_refused(executor), "the executor to refuse tasks")
    assert not stopping.done
    door.open()
    assert stopping.outcome is True
    assert door.left == 1


def is_refused(executor: Executor) -> bool:
    try:
        executor.submit(lambda: None)
    except SeldonError:
        return True
    return False


def test_a_stop_that_takes_too_long_says_so(make: Make) -> None:
    executor, door = make(), Door()
    door.enter(executor)
    wait_until(lambda: door.entered == 1, "the coroutine to wait")
    assert not executor.stop(0.01)
    door.open()


def test_tasks_that_user_code_left_are_cancelled_at_the_end(make: Make) -> None:
    executor, ended = make(), list[str]()

    async def background() -> None:
        try:
            await asyncio.sleep(10 * WAIT_S)
        finally:
            ended.append("cancelled")

    async def start() -> None:
        keep.append(asyncio.get_running_loop().create_task(background()))
        await asyncio.sleep(0)

    keep: list[Any] = []
    executor.submit(lambda: executor.spawn(start()))
    wait_until(lambda: keep, "the task to start")
    assert executor.stop(WAIT_S)
    assert ended == ["cancelled"]


def test_an_exit_in_a_task_of_user_code_does_not_end_the_thread(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    executor, door = make(), Door()

    async def leave() -> None:
        raise SystemExit(3)

    async def start() -> None:
        keep.append(asyncio.get_running_loop().create_task(leave()))

    keep: list[Any] = []
    executor.submit(lambda: executor.spawn(start()))
    wait_until(lambda: "was interrupted" in caplog.text, "the log")
    door.open()
    door.enter(executor)
    wait_until(lambda: door.left == 1, "the next coroutine")
    assert isinstance(keep[0].exception(), SystemExit)


def test_waiting_tasks_can_be_taken_back(make: Make) -> None:
    executor, door = make(concurrency=1), Door()
    door.enter(executor)
    wait_until(lambda: door.entered == 1, "the coroutine to wait")
    executor.submit(lambda: None)
    assert len(executor.abandon()) == 1
    door.open()


def test_the_pace_so_far_tells_when_to_try_again(make: Make) -> None:
    executor, door = make(concurrency=1), Door()
    door.enter(executor)
    door.open()
    wait_until(lambda: door.left == 1, "the coroutine to end")
    assert executor.retry_after_s == 1
    assert executor.finished >= 1


def test_uvloop_replaces_a_loop_that_was_never_used() -> None:
    uvloop = pytest.importorskip("uvloop")
    kinds: list[type] = []

    def work() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        use_uvloop()
        use_uvloop()
        loop = asyncio.get_event_loop()
        kinds.append(type(loop))
        asyncio.set_event_loop(None)
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(WAIT_S)
    assert kinds == [uvloop.Loop]
