"""State in a real Redis that fails under load: no call fails, and what was learned is kept."""

from __future__ import annotations

import signal

import pytest

KEY = "persistence_0_0_0"


def version(redis_server):
    return int(redis_server.command("GET", f"{KEY}:version") or 0)


def degraded(server):
    return "degraded" in server.get("/health/ready").json


# how much is lost


def test_a_killed_router_remembers_all_that_it_had_learned_one_save_before(
    router, redis_server, load, learned, until
):
    server = router()
    running = load(server)
    running.more()
    before = version(redis_server)
    due = running.rewarded
    until(lambda: version(redis_server) >= before + 2)  # the first of these may have been on its way
    server.kill()
    running.stop()
    assert due <= learned(router()) <= running.rewarded + 1


def test_a_terminated_router_loses_nothing(router, redis_server, load, learned):
    server = router("--persistence-interval", "3600")
    running = load(server)
    running.more(50)
    running.stop()
    assert server.stop() == 0
    assert running.failures == []
    assert version(redis_server) == 1
    assert learned(router()) == running.rewarded


# faults


def stop(redis_server, until):
    redis_server.stop(save=True)
    return redis_server.start


def lose(redis_server, until):
    redis_server.command("FLUSHALL")
    redis_server.stop()
    return redis_server.start


def go_back(redis_server, until):
    """To an older version of our own, as a replica does that was behind when it became the master."""
    redis_server.command("SAVE")
    older = version(redis_server)
    until(lambda: version(redis_server) >= older + 2)
    redis_server.stop()
    return redis_server.start


def freeze(redis_server, until):
    redis_server.freeze()
    return redis_server.thaw


def fill(redis_server, until):
    redis_server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis_server.command("CONFIG", "SET", "maxmemory", "1")
    return lambda: redis_server.command("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize("fault", [stop, lose, go_back, freeze, fill])
def test_while_redis_fails_no_call_does_and_the_newest_state_is_saved_afterwards(
    fault, router, redis_server, load, learned, attributes_in, until
):
    server = router()
    running = load(server)
    until(lambda: version(redis_server) >= 1)
    mend = fault(redis_server, until)
    until(lambda: degraded(server))
    server.wait_for_log(r"ERROR .*state was not saved, attempt 1: redis 127\.0\.0\.1")
    running.more()
    mend()
    until(lambda: not degraded(server))
    running.more()
    running.stop()
    assert running.failures == []
    expected = running.rewarded
    assert learned(server) == expected
    until(lambda: sum(attributes_in(redis_server.command("GET", KEY))["successes"]) == expected)
    server.kill()
    assert learned(router()) == expected


def test_calls_do_not_wait_for_a_save_that_hangs(router, redis_server, load):
    server = router(env={"REDIS_TIMEOUT_S": "600"})
    running = load(server)
    running.more()
    redis_server.freeze()
    server.process.send_signal(signal.SIGUSR1)
    running.more(200)
    running.stop()
    redis_server.thaw()


def test_redis_that_is_down_at_the_end_costs_the_last_state_and_the_exit_status_says_so(
    router, redis_server, reward
):
    server = router("--grace", "1")
    reward(server)
    redis_server.stop()
    server.terminate()
    assert server.wait() == 1
    assert "the last state was not saved" in server.log
