"""Whole processes: drain, kill, and workers that share the entries."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from seldon_redis_streams.producer import Producer
from seldon_runtime.testing import Background, Process, Served, wait_until

Serve = Callable[..., Served]
STREAM = "requests"
GROUP = "seldon"

SLOW = """
    import os, time

    class Slow:
        def predict(self, X, features_names):
            if X == "who":
                return str(os.getpid())
            while not os.path.exists("go"):
                time.sleep(0.01)
            return X
"""


def pending(producer: Producer) -> int:
    count: int = producer.redis.xpending(STREAM, GROUP)["pending"]
    return count


@pytest.fixture
def run(seldon_run: Any, url: str) -> Callable[..., Process]:
    def run(*words: str, **options: Any) -> Process:
        settings = ("--streams-url", url, "--streams-requests", STREAM, "--streams-claim-after", "0.5")
        process: Process = seldon_run("Slow", "REDIS-STREAMS", *settings, *words, source=SLOW, **options)
        return process

    return run


def test_accepted_entries_are_answered_at_the_end_and_unread_ones_stay(
    run: Callable[..., Process], producer: Producer, tmp_path: Any
) -> None:
    process = run("--streams-in-flight", "3")
    keys = [producer.add({"strData": str(number)}) for number in range(8)]
    wait_until(lambda: pending(producer) == 3, "three entries to be accepted")
    process.terminate()
    process.wait_for_log("draining")
    tmp_path.joinpath("go").touch()
    assert process.wait() == 0
    assert [producer.reply(key)["answer"]["strData"] for key in keys[:3]] == ["0", "1", "2"]
    assert producer.redis.xlen(STREAM) == 5
    assert pending(producer) == 0
    assert producer.redis.xinfo_consumers(STREAM, GROUP) == []
    run()
    assert [producer.reply(key)["answer"]["strData"] for key in keys[3:]] == ["3", "4", "5", "6", "7"]


def test_what_a_killed_process_held_is_answered_by_another_one(
    run: Callable[..., Process], producer: Producer, tmp_path: Any
) -> None:
    first = run()
    who = int(producer.ask({"strData": "who"})["answer"]["strData"])
    assert who == first.process.pid
    key = producer.add({"strData": "held"})
    wait_until(lambda: pending(producer) == 1, "the entry to be accepted")
    os.kill(first.process.pid, signal.SIGKILL)
    first.wait()
    tmp_path.joinpath("go").touch()
    second = run()
    assert producer.reply(key)["answer"]["strData"] == "held"
    assert "is taken over, attempt 2" in second.log


def test_what_is_not_finished_in_time_is_left_for_others(
    run: Callable[..., Process], producer: Producer, tmp_path: Any
) -> None:
    first = run("--grace", "0.5")
    key = producer.add({"strData": "slow"})
    wait_until(lambda: pending(producer) == 1, "the entry to be accepted")
    first.terminate()
    assert first.wait() == 1
    assert "entries left for other processes: 1" in first.log
    tmp_path.joinpath("go").touch()
    run()
    assert producer.reply(key)["answer"]["strData"] == "slow"


def test_two_workers_share_the_entries_and_lose_none(
    run: Callable[..., Process], producer: Producer, tmp_path: Any
) -> None:
    tmp_path.joinpath("go").touch()
    process = run("--workers", "2")
    waiting = [Background(lambda n=n: producer.ask({"strData": str(n)})) for n in range(20)]  # type: ignore[misc]
    assert [client.outcome["answer"]["strData"] for client in waiting] == [str(n) for n in range(20)]
    assert len(producer.redis.xinfo_consumers(STREAM, GROUP)) == 2
    assert process.stop() == 0
