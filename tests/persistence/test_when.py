"""When state is saved and restored, by real processes."""

from __future__ import annotations

import signal
import threading

KEY = "persistence_0_0_0"
REQUEST = {"data": {"ndarray": [[0]]}}


def test_sigterm_loses_nothing_and_the_constructor_is_not_called_again(tally, count):
    first = tally()
    assert [count(first) for _ in range(3)] == [1, 2, 3]
    assert first.stop() == 0
    second = tally("--parameters", '[{"name": "start", "value": "100", "type": "INT"}]')
    assert count(second) == 4
    assert "restored version 1 of the state persistence_0_0_0" in second.log


def test_load_runs_after_a_restore_too(tally):
    tally().stop()
    second = tally()
    assert second.post("/predict", REQUEST).json["data"]["ndarray"] == [[1, 2]]


def test_a_call_that_is_still_running_at_sigterm_is_in_the_last_save(tally, gate, count):
    first = tally(change=("self.count += 1", f"{gate.pass_}; self.count += 1"))
    call = threading.Thread(target=lambda: first.post("/predict", REQUEST))
    call.start()
    gate.wait_until_reached()
    first.terminate()
    first.wait_for_log("draining")
    gate.open()
    assert first.wait() == 0
    call.join()
    assert count(tally()) == 2


def test_a_snapshot_stands_between_two_calls_never_in_one(tally, count, store, gate, attributes_in):
    change = ("self.count += 1", f"self.count += 10; {gate.pass_}; self.loads = self.count")
    server = tally(change=change)
    call = threading.Thread(target=count, args=(server,))
    call.start()
    gate.wait_until_reached()
    server.process.send_signal(signal.SIGUSR1)
    for _ in range(20):  # time for a snapshot, were one taken now
        server.get("/health/ready")
    assert store.versions(KEY) == []
    gate.open()
    call.join()
    assert server.stop() == 0
    for version in store.versions(KEY):
        attributes = attributes_in(store.load(KEY, version).blob)
        assert attributes["count"] == attributes["loads"] == 10


def test_state_is_saved_every_interval_but_only_when_it_has_changed(tally, store, count, until):
    server = tally("--persistence-interval", "0.1", "--log-level", "DEBUG")
    until(lambda: store.versions(KEY) == [1])
    for version in (2, 3, 4):
        count(server)
        until(lambda newest=version: store.versions(KEY)[0] == newest)
    until(lambda: len(store.versions(KEY)) == 3)  # the oldest goes after the newest has come
    until(lambda: server.log.count("state is saved: persistence") == 4)
    unchanged = server.log.count("state is saved: unchanged")
    until(lambda: server.log.count("state is saved: unchanged") >= unchanged + 3)
    assert server.log.count("state is saved: persistence") == 4


def test_sigusr1_saves_at_once(tally, store, count, until):
    server = tally()
    count(server)
    server.process.send_signal(signal.SIGUSR1)
    until(lambda: store.versions(KEY))
    server.kill()
    assert count(tally()) == 2


def test_sigusr1_without_persistence_does_nothing(tally, count):
    server = tally(persistence="0")
    server.process.send_signal(signal.SIGUSR1)
    assert count(server) == 1


def test_the_old_parameter_push_frequency_sets_the_interval(tally):
    server = tally("--parameters", '[{"name": "push_frequency", "value": "7", "type": "INT"}]')
    server.wait_for_log(r"every 7 s when changed")
