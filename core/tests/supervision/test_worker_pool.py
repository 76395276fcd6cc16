"""The pool of workers: who is missing, who follows whom, and who is late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision import worker_pool
from seldon_runtime.supervision.worker_link import Order
from seldon_runtime.supervision.worker_pool import WorkerPool

SETTINGS = {"workers": 2, "grace_s": 20.0, "load_sequentially": False}


class Worker:
    """A process that lives and records its orders."""

    def __init__(self, *arguments: Any) -> None:
        (_, self.index, self.count, self.restarts, self.folder, self.replaces) = arguments
        self.ready = self.retiring = self.restart_on_exit = self.is_killed = False
        self.kill_at: float | None = None
        self.orders: list[Order] = []

    def retire(self, order: Order, within_s: float) -> None:
        self.orders.append(order)
        self.retiring = True
        self.kill_at = time.monotonic() + within_s

    def kill(self) -> None:
        self.is_killed = True


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``make(overlap=True, **settings)``: a pool of workers that are not processes."""
    monkeypatch.setattr(worker_pool, "WorkerProcess", Worker)
    pools: list[WorkerPool] = []

    def make(*, overlap: bool = True, ready: bool = True, **settings: Any) -> WorkerPool:
        pools.append(WorkerPool([], Settings({**SETTINGS, **settings}), overlap=overlap))
        pools[-1].start_due()
        for worker in pools[-1] if ready else ():
            worker.ready = True
        return pools[-1]

    yield make
    for pool in pools:
        pool.release()


def test_every_missing_worker_starts_at_once(make: Any) -> None:
    pool = make(ready=False)
    assert [worker.index for worker in pool] == [0, 1]
    assert pool.due_times() == []
    assert not pool.is_settled


def test_with_loads_one_by_one_the_next_starts_when_the_one_before_is_ready(make: Any) -> None:
    pool = make(ready=False, load_sequentially=True)
    (first,) = pool
    pool.start_due()
    assert (len(pool), pool.due_times()) == (1, [])
    first.ready = True
    pool.start_due()
    assert len(pool) == 2


def test_a_successor_starts_before_the_worker_retires(make: Any) -> None:
    pool = make()
    worker, _ = pool
    pool.replace(worker)
    pool.replace(worker)  # its successor is there already
    assert len(pool) == 3
    assert pool.successor_of(worker).index == worker.index
    assert not worker.retiring


def test_without_overlap_the_worker_retires_first_and_is_started_again(make: Any) -> None:
    pool = make(overlap=False)
    worker, _ = pool
    pool.replace(worker)
    assert (len(pool), worker.orders, worker.restart_on_exit) == (2, [Order.RETIRE], True)


def test_a_failed_worker_starts_again_after_the_delay_and_counts(make: Any) -> None:
    pool = make()
    worker, _ = pool
    pool.remove(worker)
    pool.restart(worker, 3600.0)
    pool.start_due()
    assert len(pool) == 1
    (due,) = pool.due_times()
    assert due > time.monotonic()
    pool.schedule(worker.index)
    pool.start_due()
    assert [(other.index, other.restarts) for other in pool] == [(1, 0), (0, 1)]


def test_the_successor_of_a_failed_worker_takes_its_place(make: Any) -> None:
    pool = make()
    worker, _ = pool
    pool.replace(worker)
    successor = pool.successor_of(worker)
    pool.restart(worker)
    assert successor.replaces is None
    assert pool.due_times() == []


def test_a_closed_pool_starts_nothing(make: Any) -> None:
    pool = make(ready=False, load_sequentially=True)
    (worker,) = pool
    pool.close()
    worker.ready = True
    pool.replace(worker)
    pool.restart(worker)
    pool.start_due()
    assert list(pool) == [worker]
    assert pool.due_times() == []


@pytest.mark.parametrize("act", [WorkerPool.retire, WorkerPool.abandon])
def test_a_worker_that_does_not_end_in_time_is_killed(act: Any, make: Any) -> None:
    pool = make()
    late, other = pool
    act(pool, late)
    pool.kill_overdue()
    assert not late.is_killed
    late.kill_at = time.monotonic()
    pool.kill_overdue()
    assert (late.is_killed, other.is_killed) == (True, False)


def test_at_the_end_every_worker_drains(make: Any) -> None:
    pool = make()
    pool.end()
    assert [worker.orders for worker in pool] == [[Order.END], [Order.END]]
    pool.kill()
    assert all(worker.is_killed for worker in pool)


@pytest.mark.parametrize(("planned_s", "are_killed"), [(1.0, False), (5.0, True)])
def test_silent_workers_are_killed_unless_the_supervisor_looked_too_late(
    make: Any, monkeypatch: pytest.MonkeyPatch, planned_s: float, are_killed: bool
) -> None:
    pool = make(heartbeat_timeout_s=2.0)
    for worker in pool:
        pool.expect_heartbeat(worker)
    pool.kill_silent(0.0)
    later = time.monotonic() + 5
    monkeypatch.setattr(worker_pool.time, "monotonic", lambda: later)
    pool.kill_silent(planned_s)
    assert [worker.is_killed for worker in pool] == [are_killed, are_killed]
