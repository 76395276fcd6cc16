"""What is told at a deadline, and what is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from seldon_runtime_grpc.deadlines import Deadlines

LIMIT_S = 20


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    deadlines = Deadlines()
    yield deadlines
    deadlines.stop()


def test_they_are_told_in_the_order_of_their_deadlines(deadlines):
    told: SimpleQueue[str] = SimpleQueue()
    began = time.monotonic()
    deadlines.watch(began + 0.2, [lambda: told.put("second")])
    deadlines.watch(began + 0.1, [lambda: told.put("first")])
    assert [told.get(timeout=LIMIT_S) for _ in range(2)] == ["first", "second"]
    assert time.monotonic() >= began + 0.2


def test_one_that_has_been_answered_is_not_told(deadlines):
    told: SimpleQueue[str] = SimpleQueue()
    waiting = [lambda: told.put("answered")]
    deadlines.watch(time.monotonic() + 0.05, waiting)
    waiting.pop()
    deadlines.watch(time.monotonic() + 0.1, [lambda: told.put("late")])
    assert told.get(timeout=LIMIT_S) == "late"
    assert told.empty()


def test_those_that_have_been_answered_are_not_kept_until_their_deadline(deadlines):
    for _ in range(10_000):
        waiting = [lambda: None]
        deadlines.watch(time.monotonic() + 3600, waiting)
        waiting.pop()
    assert len(deadlines._waiting) <= 1000


def test_one_that_fails_keeps_no_other_from_being_told(deadlines, caplog):
    told: SimpleQueue[str] = SimpleQueue()
    now = time.monotonic()
    deadlines.watch(now, [lambda: 1 / 0])
    deadlines.watch(now + 0.05, [lambda: told.put("late")])
    assert told.get(timeout=LIMIT_S) == "late"
    assert "could not be ended" in caplog.text


def test_nothing_is_told_after_the_end(deadlines):
    told: SimpleQueue[str] = SimpleQueue()
    deadlines.watch(time.monotonic() + 0.05, [lambda: told.put("late")])
    deadlines.stop()
    assert deadlines._thread is not None
    deadlines._thread.join(LIMIT_S)
    assert not deadlines._thread.is_alive()
