"""Two processes with the same key."""

from __future__ import annotations

import signal

import pytest

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


@pytest.mark.parametrize(
    ("words", "variables", "what"),
    [
        (("--workers", "2"), {}, "2 worker processes"),
        ((), {"GUNICORN_WORKERS": "2"}, "2 worker processes"),
        (("--threads", "4"), {}, "4 component threads"),
        ((), {"SELDON_THREADS": "4"}, "4 component threads"),
    ],
)
def test_several_learners_with_one_key_are_refused_before_anything_is_started(
    tally, store, words, variables, what
):
    server = tally(*words, env=variables, wait=False)
    assert server.wait() == 3
    setting = "workers" if "worker" in what else "threads"
    assert server.log.splitlines() == [
        f"seldon-run: persistence with {what} is not possible: each would learn for itself, and their states "
        f"cannot be merged. Set --{setting} 1, or PERSISTENCE=0"
    ]
    assert store.all_keys() == []


def test_units_that_share_a_store_keep_what_is_theirs(tally, count, store):
    units = {name: {"PREDICTIVE_UNIT_ID": name} for name in ("a", "a:1", "../a")}
    for number, environment in enumerate(units.values(), 1):
        server = tally(env=environment)
        for _ in range(number):
            count(server)
        server.stop()
    assert store.all_keys() == ["persistence_0_0_..%2Fa", "persistence_0_0_a", "persistence_0_0_a%3A1"]
    assert [count(tally(env=environment)) for environment in units.values()] == [2, 3, 4]
