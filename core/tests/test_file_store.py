"""The file store: the contract, and what is particular to files."""

from __future__ import annotations

import os
import stat

import pytest

from seldon_runtime.file_store import FileStore
from seldon_runtime.state import StoreError
from seldon_runtime.testing import StateStoreContract


class TestFileStore(StateStoreContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path):
        self.folder = tmp_path / "deep" / "state"

    def open_store(self):
        return FileStore(self.folder)

    def test_files_and_folders_are_private(self, store, key):
        store.save(key, b"x", expected=0, keep=3)
        modes = {
            stat.S_IMODE(path.stat().st_mode): path.is_dir()
            for path in [self.folder, *self.folder.rglob("*")]
        }
        assert modes == {0o700: True, 0o600: False}

    def test_a_write_that_fails_leaves_the_old_version_and_no_rest(self, store, key, monkeypatch):
        store.save(key, b"old", expected=0, keep=3)

        def fail(descriptor):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(StoreError, match="No space left"):
                store.save(key, b"new", expected=1, keep=3)
        assert store.load(key).blob == b"old"
        assert sorted(path.name for path in (self.folder / key).iterdir()) == ["000000000001.state", "lock"]
        assert store.save(key, b"new", expected=1, keep=3) == 2

    def test_what_a_killed_process_left_half_written_does_no_harm(self, store, key):
        store.save(key, b"old", expected=0, keep=3)
        (self.folder / key / "partial").write_bytes(b"hal")
        assert store.load(key).blob == b"old"
        store.save(key, b"new", expected=1, keep=3)
        assert store.load(key).blob == b"new"

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path):
        (tmp_path / "taken").write_text("")
        with pytest.raises(StoreError, match="taken"):
            FileStore(tmp_path / "taken").save("persistence_0_0_0", b"x", expected=0, keep=3)

    def test_a_key_does_not_lead_out_of_the_folder(self, store):
        store.save("persistence_../../up", b"x", expected=0, keep=3)
        assert [path.name for path in self.folder.iterdir()] == ["persistence_..%2F..%2Fup"]
        with pytest.raises(StoreError, match="no key"):
            store.load("..")
