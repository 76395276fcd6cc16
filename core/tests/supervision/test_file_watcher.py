"""The watcher of Python files: reports changes, and ends before the interpreter does."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.supervision.file_watcher import watched
from seldon_runtime.testing import WAIT_S


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "reload"]


@pytest.mark.parametrize("name", ["Model.py", "graph.json"])
def test_a_change_is_reported_while_the_block_runs(tmp_path: Path, name: str) -> None:
    changed = threading.Event()
    with watched([tmp_path], changed.set, (".json",)):
        assert threads() == ["reload"]
        (tmp_path / name).write_text("changed")
        assert changed.wait(WAIT_S)
    assert threads() == []


def test_the_thread_ends_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), watched([tmp_path], lambda: None):
        raise RuntimeError
    assert threads() == []


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with (
        pytest.raises(StartupError, match=r"--reload needs watchfiles\. Install it with: pip install"),
        watched([tmp_path], lambda: None),
    ):
        raise AssertionError("it must not begin")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_folder_that_cannot_be_watched_does_not_hang_the_start(tmp_path: Path) -> None:
    with watched([tmp_path / "missing"], lambda: None):
        pass
