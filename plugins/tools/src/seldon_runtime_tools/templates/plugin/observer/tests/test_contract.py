"""The suite that every observer of the runtime passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from seldon_my_name.observer import MyNameObserver

from seldon_runtime.plugin import Observer
from seldon_runtime.testing import WAIT_S, ObserverContract


class TestMyName(ObserverContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self._folder = tmp_path
        self._made = 0

    def make_observer(self) -> Observer:
        self._made += 1
        return MyNameObserver(self._folder / f"{self._made}.jsonl")

    def calls_seen(self, observer: Observer) -> int:
        assert isinstance(observer, MyNameObserver)
        observer.start()
        observer.stop(WAIT_S)
        return len(observer.path.read_text().splitlines())
