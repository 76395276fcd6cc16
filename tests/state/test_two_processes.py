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


def test_units_that_share_a_store_keep_what_is_theirs(tally, count, store):
    units = {name: {"PREDICTIVE_UNIT_ID": name} for name in ("a", "a:1", "../a")}
    for number, environment in enumerate(units.values(), 1):
        server = tally(env=environment)
        for _ in range(number):
            count(server)
        server.stop()
    assert store.all_keys() == ["persistence_0_0_..%2Fa", "persistence_0_0_a", "persistence_0_0_a%3A1"]
    assert [count(tally(env=environment)) for environment in units.values()] == [2, 3, 4]
