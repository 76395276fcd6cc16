"""Workers that are stopped, or stuck in native code: their supervisor notices and restarts them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.testing import Background

Start = Callable[..., Any]

STUCK = """
    import ctypes
    import os

    class Stuck:
        def predict(self, X, features_names):
            if X == "stuck":
                ctypes.PyDLL(None).sleep(3600)  # unlike CDLL, it keeps the interpreter's lock
            return str(os.getpid())
"""
WORKERS = ("--workers", "2", "--heartbeat-timeout", "1.5", "--grace", "2")
READY = r"\(process (\d+)\) is ready"
LOST = r"worker \d \(process {}\) has given no sign of life for 1.5 s"


def pids(server: Any) -> list[int]:
    return [int(pid) for pid in re.findall(READY, server.log)]


@pytest.mark.parametrize("is_loaded", [False, True], ids=["idle", "under load"])
def test_a_stopped_worker_is_restarted(seldon_run: Start, is_loaded: bool) -> None:
    server = seldon_run("Stuck", "REST,GRPC", *WORKERS, source=STUCK)
    stopped, _ = pids(server)
    os.kill(stopped, signal.SIGSTOP)
    asking = [Background(lambda: server.post("/predict", {"strData": "x"})) for _ in range(8 * is_loaded)]
    server.wait_for_log(LOST.format(stopped))
    server.wait_for_log(rf"(?s)(?:{READY}.*){{3}}")
    assert server.post("/predict", {"strData": "x"}).status == 200
    for each in asking:
        assert each.outcome  # an answer, or a connection that ended with its worker


def test_a_worker_in_native_code_with_the_lock_is_restarted(seldon_run: Start) -> None:
    server = seldon_run("Stuck", "REST", *WORKERS, source=STUCK)
    asking = Background(lambda: server.post("/predict", {"strData": "stuck"}))
    server.wait_for_log(LOST.format(r"\d+"))
    server.wait_for_log(rf"(?s)(?:{READY}.*){{3}}")
    assert isinstance(asking.outcome, Exception)


def test_workers_that_live_are_left_alone_while_the_supervisor_is_paused(seldon_run: Start) -> None:
    server = seldon_run("Stuck", "REST", *WORKERS, source=STUCK)
    workers = pids(server)
    everyone = [*workers, server.process.pid]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    signal.sigtimedwait([], 3)  # the pause itself: twice the time after which a worker counts as lost
    for pid in reversed(everyone):
        os.kill(pid, signal.SIGCONT)
    lost, living = workers
    os.kill(lost, signal.SIGSTOP)  # the supervisor has watched both for the full time when it finds this one
    server.wait_for_log(LOST.format(lost))
    assert re.search(LOST.format(living), server.log) is None
    assert server.post("/predict", {"strData": "x"}).json["strData"] == str(living)
    server.wait_for_log(rf"(?s)(?:{READY}.*){{3}}")  # a worker that is still loading could not end well


def test_a_stopped_worker_does_not_hold_up_the_end(seldon_run: Start) -> None:
    server = seldon_run("Stuck", "REST", *WORKERS, source=STUCK)
    os.kill(pids(server)[0], signal.SIGSTOP)
    server.terminate()
    assert server.wait() == 1
    assert "no sign of life" in server.log
