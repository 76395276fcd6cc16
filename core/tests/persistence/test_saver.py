"""The times at which state is saved, and failures of the store or of a snapshot."""

from __future__ import annotations

import logging
import re
import threading
import time

from seldon_runtime.persistence import saver
from seldon_runtime.persistence.snapshot import Snapshot
from seldon_runtime.persistence.store import StoreError
from seldon_runtime.testing import WAIT_S

from .learner import KEY, Learner, sealed


def test_the_end_saves_what_changed(store):
    learner = Learner(store)
    learner.value = b"1"
    assert learner.finish()
    assert store.there[KEY].version == 1


def test_the_end_writes_nothing_when_nothing_changed(store):
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    assert learner.finish()
    assert store.calls == [KEY]


def test_the_end_gives_up_at_its_deadline(store):
    store.failure = StoreError("down")
    learner = Learner(store)
    began = time.monotonic()
    assert not learner.finish(0.5)
    assert time.monotonic() - began < 3
    assert len(store.calls) > 1


def test_a_failed_save_is_tried_again_and_then_the_newest_state_is_saved(store):
    store.failure = StoreError("down")
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    learner.value = b"2"
    store.failure = None
    learner.wait_for_reports(3)
    assert [record.error is None for record in learner.reports] == [False, True, True]
    assert store.there[KEY].version == 2
    learner.finish()


def test_a_snapshot_that_fails_is_reported_and_tried_again(store):
    learner = Learner(store)
    learner.learn(ValueError("no pickle"))
    learner.wait_for_reports(1)
    assert learner.reports[0].error == "ValueError: no pickle"
    learner.value = b"1"
    learner.wait_for_reports(2)
    assert learner.reports[1].error is None
    assert learner.finish()


def test_state_that_was_restored_is_not_saved_again_unless_it_changes(store):
    learner = Learner(store, saved=Snapshot(b"0").digest())
    learner.saver.request()
    learner.wait_for_reports(1)
    assert store.calls == []
    learner.learn(b"1")
    learner.wait_for_reports(2)
    assert store.calls == [KEY]
    assert learner.finish()


def test_a_fault_in_a_store_is_logged_once_with_its_traceback(store, caplog):
    store.failure = TypeError("a store with a fault")
    caplog.set_level(logging.DEBUG)
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(2)
    store.failure = None
    assert learner.finish()
    logged = [record for record in caplog.records if "was not saved" in record.message]
    assert len(logged) >= 2
    assert [bool(record.exc_info) for record in logged[:2]] == [True, False]


def test_a_store_that_stays_away_fills_no_log(store, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    store.failure = StoreError("away")
    learner = Learner(store)
    assert not learner.finish(0.9)
    levels = [record.levelname for record in caplog.records if "was not saved" in record.message]
    assert len(levels) == len(store.calls) > 2
    assert levels == ["ERROR", *["DEBUG"] * (len(levels) - 1)]
    monkeypatch.setattr(saver, "_LOG_PAUSE_S", 0.0)
    caplog.clear()
    again = Learner(store)
    assert not again.finish(0.5)
    levels = [record.levelname for record in caplog.records if "was not saved" in record.message]
    assert levels == ["ERROR", *["WARNING"] * (len(levels) - 1)]


def test_every_outage_begins_with_an_error(store, caplog):
    learner = Learner(store, interval_s=3600)
    for value in (b"1", b"2"):
        store.failure = StoreError("away")
        reports = len(learner.reports)
        learner.learn(value)
        learner.wait_for_reports(reports + 1)
        store.failure = None
        learner.wait_for_reports(reports + 2)
    assert learner.finish()
    levels = [record.levelname for record in caplog.records if "was not saved" in record.message]
    assert levels == ["ERROR", "ERROR"]


def fail(store, learner, text):
    """Let saves fail with ``text``, and wait for one that does."""
    store.failure = StoreError(text)
    learner.learn(b"1")
    with learner.reported:
        assert learner.reported.wait_for(
            lambda: learner.reports and learner.reports[-1].error == f"StoreError: {text}", WAIT_S
        )


def messages(caplog):
    """Return what is logged, without the numbers of the attempts."""
    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    return [re.sub(r", attempt \d+", "", message) for message in logged]


def test_another_cause_is_logged_and_the_last_one_is_known_at_the_end(store, caplog):
    learner = Learner(store)
    for text in ("refused by port 1", "refused by port 2", "full", "refused by port 3"):
        fail(store, learner, text)
    assert not learner.finish(0.1)
    assert learner.saver.cause == "refused by port 3"
    assert messages(caplog) == ["state was not saved: refused by port 1", "state was not saved: full"]


def test_causes_that_always_differ_fill_no_log(store, caplog):
    learner = Learner(store)
    for number in range(1, 2 * saver._MOST_CAUSES):
        fail(store, learner, "a" * number)
    assert not learner.finish(0.1)
    assert len(messages(caplog)) == saver._MOST_CAUSES


def test_the_loser_of_a_key_does_not_say_that_its_state_is_saved_again(store, caplog):
    caplog.set_level(logging.INFO)
    store.save(KEY, sealed(KEY, Snapshot(b"other"), writer="other"), expected=0, keep=3)
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(2)
    assert learner.finish()
    assert f"state is saved as {KEY}_conflict, since another process has the key" in messages(caplog)
    assert "saved again" not in caplog.text


class TestEveryAttemptIsReported:
    """Metrics count them."""

    def test_of_every_interval_whether_changed_or_not(self, store):
        learner = Learner(store, interval_s=0.01)
        learner.wait_for_reports(3)
        assert [bool(record.blob_bytes) for record in learner.reports[:3]] == [True, False, False]
        assert all(record.paused_s >= 0 for record in learner.reports)
        assert learner.finish()

    def test_of_a_request(self, store):
        learner = Learner(store)
        learner.saver.request()
        learner.wait_for_reports(1)
        learner.saver.request()
        learner.wait_for_reports(2)
        assert [bool(record.blob_bytes) for record in learner.reports] == [True, False]
        assert learner.finish()

    def test_of_the_end_whether_changed_or_not(self, store):
        first = Learner(store)
        assert first.finish()
        assert [(record.error, bool(record.blob_bytes)) for record in first.reports] == [(None, True)]
        second = Learner(store, saved=Snapshot(b"0").digest())
        assert second.finish()
        assert [(record.error, record.blob_bytes) for record in second.reports] == [(None, 0)]

    def test_of_each_that_fails_at_the_end(self, store):
        store.failure = StoreError("down")
        learner = Learner(store)
        assert not learner.finish(0.5)
        assert len(learner.reports) == len(store.calls) > 1
        assert {record.error for record in learner.reports} == {"StoreError: down"}

    def test_of_one_that_hangs_at_the_end(self, store):
        store.hang = threading.Event()
        learner = Learner(store)
        assert not learner.finish(0.1)
        assert [record.error for record in learner.reports] == [
            "the last save did not end before the deadline"
        ]
        assert learner.saver.cause == "the last save did not end before the deadline"
        store.hang.set()
        learner.wait_for_reports(2)
