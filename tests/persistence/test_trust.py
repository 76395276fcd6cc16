"""Who may write to the store may not run code: forged, unsigned and foreign state."""

from __future__ import annotations

import os
import pickle
import time

from seldon_runtime.persistence.envelope import Header, seal
from seldon_runtime.persistence.snapshot import Snapshot

KEY = "persistence_0_0_0"
SECRET = "correct horse battery staple"


class Forged:
    """A pickle that makes a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def forge(store, file):
    """An envelope like the runtime's own around a pickle that is not."""
    snapshot = Snapshot(pickle.dumps(Forged(file)))
    header = Header(KEY, "Tally:Tally", None, time.time(), "forged", "0.1.0")
    store.save(KEY, seal(header, snapshot), expected=None, keep=3)


def test_a_forged_state_runs_code_without_a_key(tally, store, tmp_path):
    """So that the next test can fail."""
    forge(store, tmp_path / "forged")
    server = tally(wait=False)
    assert server.wait() == 3
    assert (tmp_path / "forged").exists()
    assert "PERSISTENCE_SECRET_KEY is not set" in server.log


def test_with_a_key_a_forged_state_is_never_unpickled(tally, store, tmp_path):
    forge(store, tmp_path / "forged")
    before = store.load(KEY)
    server = tally(wait=False, env={"PERSISTENCE_SECRET_KEY": SECRET})
    assert server.wait() == 3
    assert not (tmp_path / "forged").exists()
    assert "is not signed, but PERSISTENCE_SECRET_KEY is set" in server.log
    assert store.load(KEY) == before


def test_an_old_pickle_is_never_unpickled_unasked(tally, store, tmp_path):
    store.save(KEY, pickle.dumps(Forged(tmp_path / "forged")), expected=None, keep=3)
    server = tally(wait=False)
    assert server.wait() == 3
    assert not (tmp_path / "forged").exists()
    assert "seldon-run state import" in server.log


def test_with_a_key_state_is_signed_and_restored_and_no_other_key_reads_it(tally, count):
    key = {"PERSISTENCE_SECRET_KEY": SECRET}
    first = tally(env=key)
    count(first)
    first.stop()
    second = tally(env=key)
    assert count(second) == 2
    assert SECRET not in first.log + second.log
    second.stop()
    other = tally(env={"PERSISTENCE_SECRET_KEY": SECRET + "!"}, wait=False)
    assert other.wait() == 3
    assert "is not signed with this PERSISTENCE_SECRET_KEY" in other.log
    without = tally(wait=False)
    assert without.wait() == 3
    assert "is signed, but PERSISTENCE_SECRET_KEY is not set" in without.log


def test_a_required_signature_needs_a_key(tally):
    server = tally(env={"PERSISTENCE_REQUIRE_SIGNATURE": "1"}, wait=False)
    assert server.wait() == 3
    assert "PERSISTENCE_SECRET_KEY is not" in server.log
