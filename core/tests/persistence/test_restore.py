"""Restoring: from the keys of older runtimes, from damaged versions, and without a change of the store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.identity import Identity
from seldon_runtime.persistence.envelope import seal, unseal
from seldon_runtime.persistence.lifecycle import header_for
from seldon_runtime.persistence.pickling import dumps
from seldon_runtime.persistence.restore import check_writable, restore
from seldon_runtime.persistence.store import StoreError, old_state_key, state_key
from seldon_runtime.settings.persistence_options import StatePolicy

SECRET = b"correct horse battery staple"
POLICY = StatePolicy(interval_s=3600, secret=SECRET)
FIRST = Identity(deployment="a_b", predictor="c")
SECOND = Identity(deployment="a", predictor="b_c")
ZERO = Identity(deployment="0", unit="u")
UNSET = Identity(unit="u")


class Counter:
    def __init__(self, count=0):
        self.count = count


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "state")


def save(store, key, count, *, key_form, secret=SECRET):
    header = replace(header_for(Counter, key, "writer"), key_form=key_form)
    store.save(key, seal(header, dumps(Counter(count)), secret), expected=None, keep=3)


def restored(store, identity):
    found = restore(store, state_key(identity), Counter, POLICY, old_state_key(identity))
    return None if found is None else (found.user.count, found.version, found.is_newest)


def test_a_state_under_the_old_key_is_found_once_and_stored_under_the_new_one(store):
    save(store, old_state_key(FIRST), 7, key_form=1)
    assert restored(store, FIRST) == (7, 1, True)
    assert store.all_keys() == [state_key(FIRST)]
    unseal(store.load(state_key(FIRST)).blob, state_key(FIRST), SECRET)
    assert restored(store, FIRST) == (7, 1, True)
    assert restored(store, SECOND) is None


def test_a_state_under_the_new_key_counts_before_one_under_the_old_key(store):
    save(store, old_state_key(FIRST), 7, key_form=1)
    save(store, state_key(FIRST), 8, key_form=2)
    assert restored(store, FIRST) == (8, 1, True)
    assert old_state_key(FIRST) in store.all_keys()


@pytest.mark.parametrize(("key_form", "expected"), [(1, (7, 1, True)), (2, None)])
def test_a_component_named_0_takes_no_state_of_one_without_a_name(store, key_form, expected):
    save(store, state_key(UNSET), 7, key_form=key_form)
    assert restored(store, ZERO) == expected
    assert restored(store, UNSET) == (7, 1, True)


def test_the_copy_of_a_damaged_state_belongs_to_no_unit(store):
    save(store, state_key(UNSET), 7, key_form=1)
    blob = store.load(state_key(UNSET)).blob
    named_so = Identity(unit="u_corrupt")
    for copy in (blob, blob[:-1], b"no state"):
        store.save(old_state_key(named_so), copy, expected=None, keep=3)
        assert restored(store, named_so) is None


def test_a_state_under_the_old_key_needs_its_signature(store):
    save(store, old_state_key(FIRST), 7, key_form=1, secret=b"another secret of another owner")
    with pytest.raises(StartupError, match=r"persistence_a_b_c_0 .* is not signed with this"):
        restored(store, FIRST)
    assert store.all_keys() == [old_state_key(FIRST)]


def contents(store):
    return {key: [store.load(key, version) for version in store.versions(key)] for key in store.all_keys()}


class TestAReadOnlyPolicy:
    """As for ``seldon-run --check``."""

    def test_restores_from_the_old_key_and_moves_nothing(self, store):
        save(store, old_state_key(FIRST), 7, key_form=1)
        before = contents(store)
        key = state_key(FIRST)
        found = restore(store, key, Counter, POLICY._replace(is_read_only=True), old_state_key(FIRST))
        assert found.user.count == 7
        assert contents(store) == before
        assert restored(store, FIRST) == (7, 1, True)

    @pytest.mark.parametrize("is_whole_before", [True, False])
    def test_copies_no_damaged_version(self, store, is_whole_before):
        key = state_key(UNSET)
        if is_whole_before:
            save(store, key, 7, key_form=2)
        store.save(key, b"SELDONST", expected=None, keep=3)
        before = contents(store)
        policy = POLICY._replace(is_read_only=True)
        if is_whole_before:
            assert restore(store, key, Counter, policy).user.count == 7
        else:
            with pytest.raises(StartupError, match="The store is unchanged"):
                restore(store, key, Counter, policy)
        assert contents(store) == before

    def test_creates_no_folder(self, store, tmp_path):
        check_writable(store, state_key(UNSET), POLICY._replace(is_read_only=True))
        assert list(tmp_path.iterdir()) == []


class Full(FileStore):
    """A store that can be read only."""

    def save(self, key, blob, *, expected, keep):
        raise StoreError("OutOfMemoryError: command not allowed")


def test_the_version_before_is_restored_where_no_copy_of_the_damaged_one_can_be_kept(store, tmp_path, caplog):
    caplog.set_level("INFO")
    key = state_key(UNSET)
    save(store, key, 7, key_form=2)
    store.save(key, b"SELDONST", expected=None, keep=3)
    assert restored(Full(tmp_path / "state"), UNSET) == (7, 2, False)
    assert "no copy of the damaged state persistence_0_0_u can be kept: OutOfMemoryError" in caplog.text
    assert "is kept as" not in caplog.text
    assert restored(store, UNSET) == (7, 2, False)
    assert "is kept as persistence_0_0_u_corrupt" in caplog.text


def test_the_refusal_of_a_damaged_state_says_if_there_is_a_copy(store, tmp_path):
    store.save(state_key(UNSET), b"SELDONST", expected=None, keep=3)
    with pytest.raises(StartupError, match=r"The store is unchanged$"):
        restored(Full(tmp_path / "state"), UNSET)
    with pytest.raises(StartupError, match=r"The state is unchanged, with a copy under .*_u_corrupt$"):
        restored(store, UNSET)
