"""Processes that are replaced while they serve hand their state on."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

KEY = "persistence_0_0_0"


def test_a_hanging_component_is_replaced_by_one_with_the_last_saved_state(
    tally, count, store, gate, attributes_in, until
):
    def ask_and_hang():
        with suppress(OSError):  # nobody has promised an answer
            count(server)

    change = ("self.count += 1", f"self.count += 10; self.count > 10 and {gate.pass_}; self.loads += 10")
    words = (
        "--persistence-interval",
        "0.1",
        "--hang-timeout",
        "1",
        "--grace",
        "60",
        "--max-requests",
        "1000",
    )
    server = tally(*words, change=change)
    assert count(server) == 10
    until(lambda: store.versions(KEY) and attributes_in(store.load(KEY).blob)["count"] == 10)
    call = threading.Thread(target=ask_and_hang)
    call.start()
    gate.wait_until_reached()
    server.wait_for_log("ERROR .* hangs; starting its successor")
    server.wait_for_log("ERROR .* the last state was not saved")  # long before the grace period ends
    server.wait_for_log("restored version")
    for version in store.versions(KEY):
        state = attributes_in(store.load(KEY, version).blob)
        assert state["loads"] - state["count"] == 1, "half a call"
    gate.open()
    call.join()
    server.wait_for_log("ERROR .* ended with status 1")
    until(lambda: server.get("/health/ready").json == {"ready": True})
    assert server.stop() == 0
    assert "another process" not in server.log


def test_a_reload_hands_all_that_was_learned_on_each_time(tally, count, until):
    server = tally()
    for number in range(1, 4):
        assert count(server) == number
        server.process.send_signal(signal.SIGHUP)
        until(lambda n=number: server.log.count("restored version") == n)
        until(lambda: server.get("/health/ready").json == {"ready": True})
    assert count(server) == 4
    assert server.stop() == 0
    assert "another process" not in server.log


def test_a_worker_that_has_done_its_share_hands_its_state_to_the_next(tally, count, until):
    server = tally("--max-requests", "2")
    numbers = [count(server) for _ in range(5)]
    until(lambda: "restored version" in server.log)
    until(lambda: server.get("/health/ready").json == {"ready": True})
    assert [*numbers, count(server)] == [1, 2, 3, 4, 5, 6]
    assert server.stop() == 0


def test_a_worker_that_is_killed_loses_no_more_than_what_came_since_the_last_save(tally, count, store, until):
    server = tally("--max-requests", "1000")
    count(server)
    server.process.send_signal(signal.SIGUSR1)  # passed on to the worker
    until(lambda: store.versions("persistence_0_0_0"))
    count(server)
    worker = server.wait_for_log(r"worker 0 \(process (\d+)\) is ready")
    os.kill(int(worker[1]), signal.SIGKILL)
    until(lambda: "restored version" in server.log)
    until(lambda: server.log.count(" is ready") == 2)
    assert count(server) == 2
    assert server.stop() == 0
