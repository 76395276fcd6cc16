"""The threads of the gRPC server."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.server.thread_pool import ThreadPool


@pytest.fixture
def threads():
    made = []

    def make(most):
        made.append(ThreadPool(most))
        return made[-1]

    yield make
    for one in made:
        one.shutdown()


def held(threads, count):
    """So many tasks that have begun and wait, and what lets them end."""
    begun = SimpleQueue()
    gate = threading.Event()
    for _ in range(count):
        threads.submit(lambda: (begun.put(threading.current_thread()), gate.wait(WAIT_S)))
    return [begun.get(timeout=WAIT_S) for _ in range(count)], gate


def test_every_task_has_a_thread_while_others_wait(threads):
    workers, gate = held(threads(10), 10)
    assert len(set(workers)) == 10
    gate.set()


def test_a_thread_that_has_no_work_is_used_again(threads):
    pool, done = threads(10), SimpleQueue()
    names = set()
    for _ in range(50):
        pool.submit(lambda: done.put(threading.current_thread().name))
        names.add(done.get(timeout=WAIT_S))
    assert len(names) <= 2  # two: the one that put its name may not have ended its task yet


def test_what_comes_beyond_the_threads_waits_for_one(threads):
    pool, later = threads(2), threading.Event()
    _, gate = held(pool, 2)
    pool.submit(later.set)
    assert not later.is_set()
    gate.set()
    assert later.wait(WAIT_S)


def test_a_task_that_fails_leaves_its_thread_to_others(threads, caplog):
    pool, later = threads(1), threading.Event()
    pool.submit(lambda: 1 / 0)
    pool.submit(later.set)
    assert later.wait(WAIT_S)
    assert "a thread of the gRPC server failed" in caplog.text


def test_a_call_waits_when_the_system_has_no_further_thread(threads, monkeypatch, caplog):
    pool, later = threads(10), threading.Event()
    _, gate = held(pool, 1)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool.submit(later.set)
    assert "can't start new thread" in caplog.text
    gate.set()
    assert later.wait(WAIT_S)


def test_without_any_thread_the_server_is_told(threads, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError):
        threads(1).submit(print)


def test_threads_end_after_what_was_submitted(threads):
    pool, done = threads(3), SimpleQueue()
    workers, gate = held(pool, 3)
    pool.submit(done.put, "last")
    pool.shutdown()
    gate.set()
    assert done.get(timeout=WAIT_S) == "last"
    for worker in workers:
        worker.join(WAIT_S)
        assert not worker.is_alive()
