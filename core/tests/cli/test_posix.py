"""A system that is not POSIX is refused with one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seldon_runtime.cli.posix import require_posix

LIKE_WINDOWS = """
import importlib.abc, os, signal, socket, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("fcntl", "resource", "pwd", "grp", "termios"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules.pop(name, None)
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGALRM"):
    delattr(signal, name)
for name in ("fork", "killpg", "sched_getaffinity"):
    delattr(os, name)
del socket.AF_UNIX

from seldon_runtime.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_this_system_is_accepted() -> None:
    require_posix()


@pytest.mark.parametrize("words", [["MyModel", "REST"], ["MyModel", "--check"], ["doctor"], ["plugins"]])
def test_windows_is_refused_with_one_sentence(words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIKE_WINDOWS, *words], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith("seldon-run: seldon-run works on Linux and macOS, and this system is ")
    assert "signal.SIGHUP, signal.SIGUSR1" in ended.stderr
    assert ended.stderr.rstrip().endswith("On Windows, use WSL 2 or a container")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_questions_are_answered_on_windows(word: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIKE_WINDOWS, word], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "seldon-run" in ended.stdout
