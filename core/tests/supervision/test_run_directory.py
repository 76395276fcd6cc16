"""The folder that the workers of one run share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.supervision import run_directory
from seldon_runtime.supervision.run_directory import RunDirectory

MAKE_AND_DIE = """
import os, sys
from pathlib import Path
from seldon_runtime.supervision import run_directory
run_directory._MEMORY = Path(sys.argv[1])
print(run_directory.RunDirectory().path, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run_directory, "_MEMORY", tmp_path)
    return tmp_path


def test_it_is_private_and_gone_when_removed() -> None:
    folder = RunDirectory()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.path.joinpath("values.db").write_bytes(b"1")
    folder.remove()
    assert not folder.path.exists()


def test_what_a_killed_run_left_is_removed_by_the_next_one(memory: Path) -> None:
    done = subprocess.run([sys.executable, "-c", MAKE_AND_DIE, memory], capture_output=True, text=True)
    left = Path(done.stdout.strip())
    assert left.parent == memory
    assert left.exists()
    next_one = RunDirectory()
    assert not left.exists()
    next_one.remove()


def test_the_folder_of_a_run_that_lives_is_left_alone() -> None:
    first, second = RunDirectory(), RunDirectory()
    assert first.path.exists()
    second.remove()
    first.remove()


def test_folders_of_other_programs_are_left_alone(memory: Path) -> None:
    other = memory / "seldon-run-of-a-user"
    other.mkdir()
    other.joinpath("lock").touch()
    RunDirectory().remove()
    assert other.joinpath("lock").exists()


def test_without_a_place_for_it_the_start_fails_and_says_what_to_set(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_directory, "_MEMORY", memory / "none")
    monkeypatch.setattr(run_directory.tempfile, "gettempdir", lambda: str(memory / "neither"))
    with pytest.raises(StartupError, match="set TMPDIR to a writable folder"):
        RunDirectory()


def test_what_a_stranger_puts_there_is_left_alone(
    memory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "seldon-run.lock").touch()
    (memory / "seldon-run-link").symlink_to(elsewhere)
    piped = memory / "seldon-run-pipe"
    piped.mkdir()
    os.mkfifo(piped / "seldon-run.lock")  # opening it must not wait
    linked = memory / "seldon-run-linked-lock"
    linked.mkdir()
    (linked / "seldon-run.lock").symlink_to(elsewhere / "seldon-run.lock")
    RunDirectory().remove()
    assert (elsewhere / "seldon-run.lock").exists()
    assert piped.exists()
    assert linked.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_a_folder_of_another_user_is_left_alone(memory: Path) -> None:
    folder = memory / "seldon-run-other"
    folder.mkdir()
    (folder / "seldon-run.lock").touch()
    os.chown(folder, 12345, 12345)
    RunDirectory().remove()
    assert folder.exists()


def test_without_memory_the_folder_for_temporary_files_is_used(
    memory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setattr(run_directory, "_MEMORY", memory / "missing")
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    folder = RunDirectory()
    assert folder.path.parent == elsewhere
    folder.remove()


def test_without_any_folder_the_start_names_the_remedy(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(run_directory, "_MEMORY", memory / "missing")
    monkeypatch.setattr(tempfile, "gettempdir", fail)
    with pytest.raises(StartupError, match="set TMPDIR to a writable folder"):
        RunDirectory()
