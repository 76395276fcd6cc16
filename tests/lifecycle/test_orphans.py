"""Processes that adopt orphans, as process 1 of a container does: no orphan stays as a zombie."""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import wait_until
from seldon_runtime.testing.processes import SELDON_RUN

Start = Callable[..., Any]

ORPHANS = """
    import subprocess

    class Orphans:
        def predict(self, X, features_names):
            started = subprocess.Popen(["sh", "-c", "exit 3"])
            subprocess.run(["sh", "-c", "(sleep 0.1) & (exit 0) & exit 0"])
            return str(started.wait())
"""
LAYOUTS = pytest.mark.parametrize("layout", [(), ("--workers", "2")], ids=["one process", "workers"])
_SUBREAPER = 36  # linux/prctl.h


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a program that becomes a subreaper, then seldon-run: the system treats it as process 1."""
    path = tmp_path / "adopting"
    path.write_text(
        f"#!{sys.executable}\n"
        "import ctypes, os, sys\n"
        f"ctypes.CDLL(None).prctl({_SUBREAPER}, 1, 0, 0, 0)\n"
        f"os.execv({str(SELDON_RUN)!r}, [{str(SELDON_RUN)!r}, *sys.argv[1:]])\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def children(pid: int) -> list[str]:
    """Return the states of a process's children, ``Z`` for a zombie."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(FileNotFoundError):  # it has just been waited for
            found.append(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0])
    return found


@LAYOUTS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_orphans_are_waited_for_and_signals_arrive(
    seldon_run: Start, program: Path, layout: tuple[str, ...], number: signal.Signals
) -> None:
    server = seldon_run("Orphans", "REST", *layout, source=ORPHANS, program=program)
    for _ in range(10):
        assert server.post("/predict", {"strData": "x"}).json["strData"] == "3"
    wait_until(lambda: len(children(server.process.pid)) == 1, "all orphans have been waited for")
    assert "Z" not in children(server.process.pid)
    server.process.send_signal(number)
    assert server.wait() == 0
    assert "stopped" in server.log


def test_the_status_of_a_failed_start_arrives(seldon_run: Start, program: Path) -> None:
    server = seldon_run("Nowhere", "REST", program=program, wait=False)
    assert server.wait() == 3


def test_nothing_serves_on_without_the_first_process(seldon_run: Start, program: Path) -> None:
    server = seldon_run("Orphans", "REST", source=ORPHANS, program=program)
    (child,) = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    watched = os.pidfd_open(int(child))
    server.process.kill()
    wait_until(lambda: not is_running(watched), "the child has ended")
    os.close(watched)


def is_running(descriptor: int) -> bool:
    try:
        signal.pidfd_send_signal(descriptor, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_adopts_nobody_serves_itself(seldon_run: Start) -> None:
    assert ctypes.CDLL(None).prctl(37, ctypes.byref(ctypes.c_int()), 0, 0, 0) == 0
    server = seldon_run("Orphans", "REST", source=ORPHANS)
    assert children(server.process.pid) == []
