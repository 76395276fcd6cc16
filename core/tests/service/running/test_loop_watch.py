"""The watch over the event loop: it names the code that blocks, once."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from seldon_runtime.service.executor import Executor
from seldon_runtime.testing import WAIT_S, wait_until


def test_code_that_blocks_the_loop_is_named_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    executor = Executor(component="Slow")
    executor.start()
    noticed = threading.Event()

    async def block() -> None:
        noticed.wait(WAIT_S)  # the line that the stack shows

    executor.submit(lambda: executor.spawn(block()))
    wait_until(lambda: "Slow has blocked its event loop" in caplog.text, "the warning")
    assert "noticed.wait(WAIT_S)  # the line" in caplog.text
    assert executor.longest_s() > 0
    noticed.set()
    wait_until(lambda: executor.longest_s() == 0, "the loop to answer")
    assert caplog.text.count("has blocked") == 1
    assert executor.stop(WAIT_S)


def test_a_coroutine_that_awaits_does_not_count_as_a_hanging_call() -> None:
    executor = Executor()
    executor.start()
    entered = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def wait() -> None:
        loops.append((asyncio.get_running_loop(), asyncio.Event()))
        entered.set()
        await loops[0][1].wait()

    executor.submit(lambda: executor.spawn(wait()))
    assert entered.wait(WAIT_S)
    began = time.monotonic()
    executor.longest_s()
    wait_until(lambda: executor.longest_s() == 0, "the loop to answer")
    assert executor.longest_s() <= time.monotonic() - began
    loop, event = loops[0]
    loop.call_soon_threadsafe(event.set)
    assert executor.stop(WAIT_S)
