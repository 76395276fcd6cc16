"""Two processes with the same key."""

from __future__ import annotations

import signal

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.settings import Settings
from seldon_runtime.state_options import policy_from

KEY = "persistence_0_0_0"


def test_the_second_of_two_writers_serves_on_and_overwrites_nothing(tally, store, count, until):
    first, second = tally(), tally()
    count(first)
    first.process.send_signal(signal.SIGUSR1)
    until(lambda: store.versions(KEY) == [1])
    assert [count(second) for _ in range(5)] == [1, 2, 3, 4, 5]
    second.process.send_signal(signal.SIGUSR1)
    second.wait_for_log(r"ERROR .*is at version 1, expected 0: another process saved it")
    until(lambda: second.get("/health/ready").json == {"ready": True, "degraded": ["state"]})
    assert count(second) == 6
    assert second.stop() == 0
    assert first.stop() == 0
    assert store.versions(KEY) == [1]
    assert store.versions(f"{KEY}_conflict")
    assert count(tally()) == 2


def test_one_process_with_several_workers_or_threads_is_refused():
    with pytest.raises(StartupError, match=r"2 worker processes .* Set --workers 1"):
        policy_from(Settings({"workers": 2}), {})
    with pytest.raises(StartupError, match=r"4 component threads .* Set --threads 1"):
        policy_from(Settings({"threads": 4}), {})
