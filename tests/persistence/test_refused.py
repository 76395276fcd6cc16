"""State at the start that is not to be used: of another class, of another version, damaged."""

from __future__ import annotations

from dataclasses import replace

from seldon_runtime.persistence.envelope import seal, unseal

KEY = "persistence_0_0_0"


def test_state_of_another_class_is_refused_and_left_as_it_is(tally, store):
    tally().stop()
    before = store.load(KEY)
    other = tally(name="Other", wait=False)
    assert other.wait() == 3
    assert "has the class Tally:Tally, expected Other:Other" in other.log
    assert store.load(KEY) == before


def test_state_of_another_version_of_the_class_is_refused_and_left_as_it_is(tally, store):
    tally().stop()
    before = store.load(KEY)
    newer = tally(change=("def load", "state_version = 2\n        def load"), wait=False)
    assert newer.wait() == 3
    assert "has state_version None, but Tally:Tally has 2" in newer.log
    assert store.load(KEY) == before


def test_of_a_damaged_version_a_copy_is_kept_and_the_one_before_is_restored(tally, store, count, until):
    first = tally("--persistence-interval", "0.1")
    until(lambda: store.versions(KEY))
    count(first)
    until(lambda: len(store.versions(KEY)) == 2)
    first.stop()
    newest = store.load(KEY)
    assert newest is not None
    damaged = newest.blob[:-40] + b"?" + newest.blob[-39:]
    version = store.save(KEY, damaged, expected=newest.version, keep=3)
    second = tally()
    assert f"version {version} of the state {KEY} is damaged: its checksum is wrong" in second.log
    assert count(second) == 2
    second.stop()
    copy = store.load(f"{KEY}_corrupt")
    assert copy is not None
    assert copy.blob == damaged
    assert count(tally()) == 3


def test_without_a_whole_version_the_start_is_refused_until_the_state_is_deleted(tally, store):
    store.save(KEY, b"SELDONST\0\1\0\0cut short", expected=0, keep=3)
    for _ in range(2):
        server = tally(wait=False)
        assert server.wait() == 3
        assert "seldon-run state delete" in server.log
    assert store.versions(f"{KEY}_corrupt") == [1]


def test_a_check_restores_state_and_leaves_the_store_as_it_is(tally, store, tmp_path):
    unit = {"PREDICTIVE_UNIT_ID": "my_tally"}
    tally(env=unit).stop()
    new = "persistence_0_0_my%5Ftally"
    saved = store.load(new)
    envelope = unseal(saved.blob, new)
    old = "persistence_0_0_my_tally"
    header = replace(envelope.header, key=old, key_form=1)
    store.save(old, seal(header, envelope.snapshot), expected=0, keep=3)
    store.delete(new)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*seldon-state*/**/*")}
    checked = tally("--check", env=unit, wait=False)
    assert checked.wait() == 0
    assert f"restored version 1 of the state {old}" in checked.log
    assert store.all_keys() == [old]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*seldon-state*/**/*")} == before
