"""Redis that does not answer when the process starts."""

from __future__ import annotations


def test_redis_that_is_down_at_the_start_stops_it(router, redis_server):
    redis_server.stop()
    server = router(wait=False)
    assert server.wait() == 3
    assert f"state cannot be read from redis 127.0.0.1:{redis_server.port}" in server.log
    assert "PERSISTENCE_AT_START" in server.log
    assert ".. Mend" not in server.log


def test_redis_that_is_down_at_the_start_can_be_waited_for(router, redis_server, learned, reward):
    first = router()
    reward(first)
    first.stop()
    redis_server.stop(save=True)
    second = router(env={"PERSISTENCE_AT_START": "wait"}, wait=False)
    second.wait_for_log("trying again")
    redis_server.start()
    second.wait_until_ready()
    assert learned(second) == 1


def test_waiting_for_redis_ends(router, redis_server):
    redis_server.stop()
    server = router(env={"PERSISTENCE_AT_START": "wait", "PERSISTENCE_WAIT_S": "0.5"}, wait=False)
    assert server.wait() == 3
    assert "state cannot be read" in server.log


def test_a_fresh_start_without_redis_saves_when_it_comes(router, redis_server, learned, reward, until):
    redis_server.stop()
    server = router(env={"PERSISTENCE_AT_START": "fresh"})
    reward(server)
    server.wait_for_log("was not saved")
    redis_server.start()
    until(lambda: redis_server.command("GET", "persistence_0_0_0"))
    server.kill()
    assert learned(router()) == 1


def test_a_fresh_start_does_not_overwrite_the_state_that_turns_up(router, redis_server, learned, reward):
    first = router()
    reward(first)
    first.stop()
    redis_server.stop(save=True)
    second = router(env={"PERSISTENCE_AT_START": "fresh"})
    redis_server.start()
    second.wait_for_log(r"is at version \d+, expected 0: another process saved it")
    second.stop()
    assert learned(router()) == 1


def test_the_bare_switch_without_redis_serves_and_says_that_state_is_not_kept(seldon_run, free_port):
    source = "class Identity:\n    def predict(self, X, names):\n        return X\n"
    server = seldon_run(
        *("Identity", "REST", "--persistence", "1"),
        source=source,
        env={"REDIS_SERVICE_PORT": str(free_port)},  # nobody listens at the default host
    )
    server.wait_for_log("STATE IS NOT KEPT")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"
