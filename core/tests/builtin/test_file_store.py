"""The file store keeps the contract of all stores."""

from __future__ import annotations

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.testing import StateStoreContract


class TestFileStore(StateStoreContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path):
        self.folder = tmp_path / "deep" / "state"

    def open_store(self):
        return FileStore(self.folder)
