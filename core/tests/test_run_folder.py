"""The folder that the workers of one run share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seldon_runtime import run_folder
from seldon_runtime.errors import StartupError
from seldon_runtime.run_folder import RunFolder

MAKE_AND_DIE = """
import os, sys
from pathlib import Path
from seldon_runtime import run_folder
run_folder._MEMORY = Path(sys.argv[1])
print(run_folder.RunFolder().path, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run_folder, "_MEMORY", tmp_path)
    return tmp_path


def test_it_is_private_and_gone_when_removed() -> None:
    folder = RunFolder()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.path.joinpath("values.db").write_bytes(b"1")
    folder.remove()
    assert not folder.path.exists()


def test_what_a_killed_run_left_is_removed_by_the_next_one(memory: Path) -> None:
    done = subprocess.run([sys.executable, "-c", MAKE_AND_DIE, memory], capture_output=True, text=True)
    left = Path(done.stdout.strip())
    assert left.parent == memory
    assert left.exists()
    next_one = RunFolder()
    assert not left.exists()
    next_one.remove()


def test_the_folder_of_a_run_that_lives_is_left_alone() -> None:
    first, second = RunFolder(), RunFolder()
    assert first.path.exists()
    second.remove()
    first.remove()


def test_folders_of_other_programs_are_left_alone(memory: Path) -> None:
    other = memory / "seldon-run-of-a-user"
    other.mkdir()
    other.joinpath("lock").touch()
    RunFolder().remove()
    assert other.joinpath("lock").exists()


def test_without_a_place_for_it_the_start_fails_and_says_what_to_set(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_folder, "_MEMORY", memory / "none")
    monkeypatch.setattr(run_folder.tempfile, "gettempdir", lambda: str(memory / "neither"))
    with pytest.raises(StartupError, match="set TMPDIR to one"):
        RunFolder()
