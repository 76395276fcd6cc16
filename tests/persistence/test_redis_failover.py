"""A master that is killed under load: its replica takes over, chosen by a real sentinel."""

from __future__ import annotations

import pytest

KEY = "persistence_0_0_0"
testing = pytest.importorskip("seldon_runtime_persistence_redis.testing")


@pytest.fixture
def replica(redis_server):
    replica = testing.RedisServer(testing.redis_program(), "--replicaof", f"127.0.0.1 {redis_server.port}")
    yield replica
    replica.close()


@pytest.fixture
def sentinel(redis_server, replica, until):
    """It watches ``redis_server``, and knows of the replica."""
    sentinel = testing.RedisServer(testing.redis_program(), monitor=redis_server)
    until(lambda: sentinel.command("SENTINEL", "REPLICAS", "mymaster"))
    yield sentinel
    sentinel.close()


@pytest.fixture
def watched(sentinel, router):
    """Starts a router that knows the sentinel only; it ends before the Redis servers do."""

    def start(**keywords):
        address = {"REDIS_SENTINELS": f"127.0.0.1:{sentinel.port}", "REDIS_SERVICE_HOST": ""}
        return router(env=address, **keywords)

    return start


def test_a_master_killed_under_load_costs_no_call_and_the_newest_state_is_in_the_new_one(
    redis_server, replica, watched, load, learned, attributes_in, until
):
    def remembered():
        blob = replica.command("GET", KEY)
        return blob and sum(attributes_in(blob)["successes"])

    server = watched()
    running = load(server)
    until(remembered)
    redis_server.stop()
    server.wait_for_log("state was not saved, attempt 1: redis service mymaster")
    running.more()
    until(lambda: replica.command("ROLE")[0] == b"master")
    server.wait_for_log("state is saved again")
    running.more()
    running.stop()
    assert running.failures == []
    until(lambda: remembered() == running.rewarded)
    until(lambda: server.get("/health/ready").json == {"ready": True})
    server.kill()
    assert learned(watched()) == running.rewarded
