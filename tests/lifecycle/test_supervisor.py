"""The supervisor: start, restart, reload and end of worker processes, and what makes it give up."""

from __future__ import annotations

import os
import re
import select
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S

Start = Callable[..., Any]

PID = """
    import os

    class Pid:
        def predict(self, X, features_names):
            return str(os.getpid())
"""
TWO = ("--workers", "2")


def pids(server: Any) -> list[int]:
    """Of the workers that have become ready, in that order."""
    return [int(pid) for pid in re.findall(r"\(process (\d+)\) is ready", server.log)]


def wait_for_end(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], WAIT_S)[0], f"process {pid} goes on"
    finally:
        os.close(descriptor)


def test_the_class_is_imported_in_workers_only(seldon_run: Start) -> None:
    source = """
        import os
        os.write(1, f"imported in {os.getpid()}\\n".encode())  # print would write it in pieces

        class Model:
            def predict(self, X, features_names):
                return X
    """
    server = seldon_run("Model", "REST", *TWO, source=source)
    imported = {int(pid) for pid in re.findall(r"imported in (\d+)", server.log)}
    assert imported == set(pids(server))
    assert server.process.pid not in imported


def test_the_old_variable_sets_the_number_of_workers(seldon_run: Start) -> None:
    server = seldon_run("Pid", "REST", source=PID, env={"GUNICORN_WORKERS": "3"})
    assert len(pids(server)) == 3


def test_workers_can_load_one_after_the_other(seldon_run: Start) -> None:
    source = """
        import time

        class Slow:
            def __init__(self):
                print("begins", flush=True)

            def load(self):
                time.sleep(0.2)
                print("ends", flush=True)

            def predict(self, X, features_names):
                return X
    """
    server = seldon_run("Slow", "REST", "--workers", "3", "--load-sequentially", source=source)
    assert re.findall("^(begins|ends)$", server.log, re.M) == ["begins", "ends"] * 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_of_the_supervisor_is_the_end_of_all(seldon_run: Start, number: int) -> None:
    server = seldon_run("Pid", "REST,GRPC", *TWO, source=PID)
    server.process.send_signal(number)
    assert server.wait() == 0
    for pid in pids(server):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_second_signal_ends_all_at_once(seldon_run: Start, gate: Any) -> None:
    source = f"""
        class Stuck:
            def predict(self, X, features_names):
                {gate.pass_}
                return X
    """
    server = seldon_run("Stuck", "REST", *TWO, source=source, wait=False)
    with server.client() as client:
        client.http.request("POST", "/predict", b'{"strData": "x"}', {"Content-Type": "application/json"})
        gate.wait_until_reached()
        server.terminate()
        server.wait_for_log("draining")
        server.terminate()
        assert server.wait() == 128 + signal.SIGTERM
    for pid in pids(server):
        wait_for_end(pid) if Path(f"/proc/{pid}").exists() else None
    server.process.returncode = 0


def test_workers_end_when_their_supervisor_is_killed(seldon_run: Start) -> None:
    server = seldon_run("Pid", "REST", *TWO, source=PID)
    workers = pids(server)
    os.kill(server.process.pid, signal.SIGKILL)
    for pid in workers:
        wait_for_end(pid)
    server.process.wait()


def test_a_class_that_cannot_be_loaded_ends_the_start_with_the_cause(seldon_run: Start) -> None:
    source = """
        class Broken:
            def load(self):
                raise ValueError("weights are broken")
    """
    server = seldon_run("Broken", "REST", *TWO, source=source, wait=False)
    assert server.wait() == 3
    assert "Broken.load raised ValueError: weights are broken" in server.log
    assert "no worker can start; see the error above" in server.log


def test_workers_that_die_again_and_again_at_their_start_end_the_whole(seldon_run: Start) -> None:
    source = """
        import os

        class Dying:
            def load(self):
                os._exit(9)
    """
    server = seldon_run("Dying", "REST", *TWO, source=source, wait=False)
    assert server.wait() == 3
    deaths = re.findall(r"ended with status 9 before it was ready", server.log)
    assert 5 <= len(deaths) <= 6


def test_a_port_in_use_ends_the_start(seldon_run: Start) -> None:
    first = seldon_run("Pid", "REST,GRPC", *TWO, source=PID)
    for name, flag in (("rest", "--http-port"), ("grpc", "--grpc-port")):
        for workers in ("1", "2"):
            words = ("Pid", name, flag, str(first.ports[name]), "--workers", workers)
            second = seldon_run(*words, wait=False)
            assert second.wait() == 3
            assert f"cannot listen on 0.0.0.0:{first.ports[name]}" in second.log
            assert flag in second.log


def test_a_dead_worker_is_started_again(seldon_run: Start) -> None:
    server = seldon_run("Pid", "REST", *TWO, source=PID)
    before = pids(server)
    os.kill(before[0], signal.SIGKILL)
    server.wait_for_log(r"SIGKILL(?s:.*)is ready")
    assert len(pids(server)) == 3
    assert server.get("/health/ready").status == 200


def test_a_class_that_is_broken_meanwhile_is_not_reloaded(seldon_run: Start, tmp_path: Path) -> None:
    server = seldon_run("Pid", "REST", *TWO, source=PID)
    tmp_path.joinpath("Pid.py").write_text("class Pid: def")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("a successor, ended with status 3 before it was ready; the old one serves on")
    for _ in range(5):
        assert int(server.post("/predict", {"strData": "x"}).json["strData"]) in pids(server)[:2]


def test_a_reload_serves_the_class_as_it_is_now(seldon_run: Start, tmp_path: Path) -> None:
    server = seldon_run("Pid", "REST", source=PID)
    tmp_path.joinpath("Pid.py").write_text("class Pid:\n    def predict(self, X, names): return 'new'\n")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("^.*lifecycle: stopped$")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "new"


def test_a_changed_file_is_served(seldon_run: Start, tmp_path: Path) -> None:
    server = seldon_run("Pid", "REST", "--reload", source=PID)
    (old,) = pids(server)
    tmp_path.joinpath("Pid.py").write_text("class Pid: def")
    server.wait_for_log("the old one serves on")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == str(old)
    tmp_path.joinpath("Pid.py").write_text("class Pid:\n    def predict(self, X, names): return 'new'\n")
    server.wait_for_log("the old one serves on(?s:.*)is ready(?s:.*)ended with status 0")
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "new"


def test_not_ready_but_serving_during_the_delay(seldon_run: Start) -> None:
    server = seldon_run("Pid", "REST", *TWO, "--drain-delay", "60", source=PID)
    server.terminate()
    server.wait_for_log("not ready; draining begins in 60 s")
    while server.get("/health/ready").status == 200:
        pass
    assert server.get("/health/live").status == 200
    assert server.post("/predict", {"strData": "x"}).status == 200
    server.kill()


@pytest.mark.parametrize("words", [("--workers", "2"), ("--threads", "2")])
def test_state_with_several_learners_is_refused(seldon_run: Start, words: tuple[str, str]) -> None:
    server = seldon_run("Pid", "REST", "--persistence", "file", *words, source=PID, wait=False)
    assert server.wait() == 3
    assert "each would learn for itself" in server.log
    assert f"Set {words[0]} 1, or PERSISTENCE=0" in server.log
    assert server.log.count("each would learn") == 1
