"""The suite that every store of the runtime passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from seldon_my_name.store import MyNameStore

from seldon_runtime.plugin import StateStore
from seldon_runtime.testing import StateStoreContract


class TestMyName(StateStoreContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self._folder = tmp_path / "states"

    def open_store(self) -> StateStore:
        return MyNameStore(self._folder)
