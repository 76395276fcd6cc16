"""Timers: each function is called once, at its time, by one thread."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

import pytest

from seldon_runtime.service.timers import Timers
from seldon_runtime.testing import WAIT_S


def test_functions_are_called_in_the_order_of_their_times_by_one_thread(timers: Timers) -> None:
    called: SimpleQueue[tuple[str, int]] = SimpleQueue()
    now = time.monotonic()
    for name, delay_s in (("third", 0.06), ("first", -1.0), ("second", 0.03)):
        timers.call_at(now + delay_s, lambda name=name: called.put((name, threading.get_ident())))  # type: ignore[misc]
    names, threads = zip(*(called.get(timeout=WAIT_S) for _ in range(3)), strict=True)
    assert names == ("first", "second", "third")
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads
    assert time.monotonic() >= now + 0.06


def test_an_earlier_timer_does_not_wait_for_a_later_one(timers: Timers) -> None:
    called = threading.Event()
    timers.call_at(time.monotonic() + 3600, lambda: None)
    timers.call_at(time.monotonic(), called.set)
    assert called.wait(WAIT_S)


def test_a_cancelled_timer_is_not_called_and_holds_nothing(timers: Timers) -> None:
    called: SimpleQueue[str] = SimpleQueue()
    soon = time.monotonic() + 0.05
    cancelled = timers.call_at(soon, lambda: called.put("cancelled"))
    kept = timers.call_at(soon, lambda: called.put("kept"))
    assert cancelled.cancel()
    assert not cancelled.cancel()
    assert called.get(timeout=WAIT_S) == "kept"
    assert not kept.cancel()
    assert called.empty()
    assert not timers.pending


def test_cancelled_timers_do_not_stay_in_memory(timers: Timers) -> None:
    later = time.monotonic() + 3600
    kept = timers.call_at(later, lambda: None)
    for _ in range(1000):
        timers.call_at(later, lambda: None).cancel()
    assert list(timers.pending) == [kept]


def test_a_timer_runs_or_is_taken_back_never_both(timers: Timers) -> None:
    for _ in range(300):
        runs: list[int] = []
        timer = timers.call_at(time.monotonic() + 0.0003, lambda runs=runs: runs.append(1))  # type: ignore[misc]
        time.sleep(0.0003)
        was_taken = timer.cancel()
        done = threading.Event()
        timers.call_at(time.monotonic(), done.set)
        assert done.wait(WAIT_S)
        assert len(runs) == (0 if was_taken else 1)


def test_a_function_that_raises_is_logged_and_harms_no_other(
    timers: Timers, caplog: pytest.LogCaptureFixture
) -> None:
    called = threading.Event()

    def fail() -> None:
        raise ValueError("broken")

    timers.call_at(time.monotonic(), fail)
    timers.call_at(time.monotonic(), called.set)
    assert called.wait(WAIT_S)
    assert "a timer failed" in caplog.messages


def test_after_the_close_nothing_is_called(timers: Timers) -> None:
    called = threading.Event()
    timers.call_at(time.monotonic() + 0.05, called.set)
    assert timers._thread is not None
    timers.close()
    timers._thread.join(WAIT_S)
    assert not timers._thread.is_alive()
    assert not called.is_set()
