"""When state is saved, and what becomes of failures: with a store whose answers the test chooses."""

from __future__ import annotations

import threading
import time

import pytest

from seldon_runtime.envelope import Header, peek, seal
from seldon_runtime.saver import CONFLICT, Origin, Saver
from seldon_runtime.state import StateConflict, StoredState, StoreError

KEY = "persistence_0_0_0"


class Memory:
    """A store that keeps the newest blobs, and fails when told to."""

    address = "memory"

    def __init__(self):
        self.there = {}
        self.fail_after_write = False
        self.down = False
        self.calls = []

    def load(self, key, version=None):
        return self.there.get(key)

    def save(self, key, blob, *, expected, keep):
        self.calls.append(key)
        if self.down:
            raise StoreError("down")
        newest = self.there[key].version if key in self.there else 0
        if expected is not None and newest not in (0, expected):
            raise StateConflict(key, expected, newest)
        self.there[key] = StoredState(max(newest, expected or 0) + 1, blob)
        if self.fail_after_write:
            self.fail_after_write = False
            raise StoreError("no answer")
        return self.there[key].version


class Learner:
    """What a test changes, its saver, and what the saver reports."""

    def __init__(self, store, origin=None, interval_s=3600):
        self.value = b"0"
        self.reports = []
        self.reported = threading.Condition()
        self.saver = Saver(
            store,
            KEY,
            snapshot=lambda: self.value,
            seal=lambda key, payload: seal(Header(key, "M:M", None, 0.0, "me", "0"), payload),
            report=self._report,
            writer="me",
            origin=origin or Origin(),
            interval_s=interval_s,
            keep=3,
        )
        self.saver.start()

    def _report(self, record):
        with self.reported:
            self.reports.append(record)
            self.reported.notify_all()

    def wait_for_reports(self, number):
        with self.reported:
            assert self.reported.wait_for(lambda: len(self.reports) >= number, 10)

    def learn(self, value):
        self.value = value
        self.saver.request()

    def finish(self, within_s=5):
        return self.saver.finish(time.monotonic() + within_s)


@pytest.fixture
def store():
    return Memory()


def foreign(payload=b"theirs"):
    return seal(Header(KEY, "M:M", None, 0.0, "them", "0"), payload)


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
    store.down = True
    learner = Learner(store)
    began = time.monotonic()
    assert not learner.finish(0.5)
    assert time.monotonic() - began < 3
    assert len(store.calls) > 1


def test_a_failed_save_is_tried_again_and_then_the_newest_state_is_saved(store):
    store.down = True
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    learner.value = b"2"
    store.down = False
    learner.wait_for_reports(3)
    assert [record.error is None for record in learner.reports] == [False, True, True]
    assert store.there[KEY].version == 2
    learner.finish()


def test_an_own_save_whose_answer_was_lost_is_no_conflict(store):
    store.fail_after_write = True
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(2)
    assert learner.finish()
    assert [record.error is None for record in learner.reports[:2]] == [False, True]
    assert set(store.calls) == {KEY}


def test_a_store_that_went_back_to_an_own_older_version_is_no_conflict(store):
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    older = store.there[KEY]
    learner.learn(b"2")
    learner.wait_for_reports(2)
    store.there[KEY] = older
    learner.learn(b"3")
    learner.wait_for_reports(3)
    assert learner.reports[-1].error is None
    assert learner.finish()


def test_a_store_that_lost_everything_is_filled_again(store):
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    store.there.clear()
    learner.learn(b"2")
    learner.wait_for_reports(2)
    assert store.there[KEY].version == 2
    assert learner.finish()


def test_the_loser_of_a_conflict_keeps_its_state_beside_and_says_so(store, caplog):
    learner = Learner(store)
    learner.learn(b"1")
    learner.wait_for_reports(1)
    theirs = store.there[KEY] = StoredState(2, foreign())
    learner.learn(b"2")
    learner.wait_for_reports(3)
    learner.learn(b"3")
    learner.wait_for_reports(4)
    assert learner.finish()
    assert store.there[KEY] == theirs
    assert peek(store.there[KEY + CONFLICT].blob).writer == "me"
    assert [record.error is None for record in learner.reports[:4]] == [True, False, False, False]
    assert sum("This process serves on" in message for message in caplog.messages) == 1


def test_a_snapshot_that_fails_is_reported_and_tried_again(store):
    learner = Learner(store)

    def fail():
        raise ValueError("no pickle")

    good, learner.saver._snapshot = learner.saver._snapshot, fail
    learner.saver.request()
    learner.wait_for_reports(1)
    assert learner.reports[0].error == "ValueError: no pickle"
    learner.saver._snapshot = good
    learner.wait_for_reports(2)
    assert learner.reports[1].error is None
    assert learner.finish()
