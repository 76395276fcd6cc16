"""Versions under a key: a conflict is the write of another process, and nothing else."""

from __future__ import annotations

import hashlib

from seldon_runtime.persistence.envelope import peek
from seldon_runtime.persistence.snapshot import Snapshot
from seldon_runtime.persistence.store import StoredState
from seldon_runtime.persistence.versioned_writer import CONFLICT

from .learner import KEY, Learner, sealed


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
    theirs = store.there[KEY] = StoredState(2, sealed(KEY, Snapshot(b"theirs"), "them"))
    learner.learn(b"2")
    learner.wait_for_reports(3)
    learner.learn(b"3")
    learner.wait_for_reports(4)
    assert learner.finish()
    assert store.there[KEY] == theirs
    assert peek(store.there[KEY + CONFLICT].blob).writer == "me"
    assert [record.error is None for record in learner.reports[:4]] == [True, False, False, False]
    assert sum("This process keeps serving" in message for message in caplog.messages) == 1


def test_a_store_that_went_back_to_what_was_there_at_the_start_is_no_conflict(store):
    theirs = StoredState(7, sealed(KEY, Snapshot(b"before"), "the process before"))
    store.there[KEY] = theirs
    learner = Learner(store, version=7, blob_digest=hashlib.sha256(theirs.blob).digest())
    learner.learn(b"1")
    learner.wait_for_reports(1)
    assert store.there[KEY].version == 8
    store.there[KEY] = theirs
    learner.learn(b"2")
    learner.wait_for_reports(2)
    assert learner.finish()
    assert [record.error for record in learner.reports[:2]] == [None, None]
    assert peek(store.there[KEY].blob).writer == "me"
