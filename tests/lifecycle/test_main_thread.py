"""The component on the main thread: what needs that thread works, and so does the life of the process."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Background

Start = Callable[..., Any]
ROW = {"strData": "x"}
MAIN = "--component-thread=main"

NEEDY = """
import asyncio, signal, threading

signal.signal(signal.SIGINT, signal.default_int_handler)

def too_late(number, frame):
    raise TimeoutError("too late")

async def doubled(text):
    await asyncio.sleep(0)
    return text * 2

class Needy:
    def load(self):
        assert threading.current_thread() is threading.main_thread()
        signal.signal(signal.SIGALRM, too_late)

    def predict(self, X, features_names):
        assert threading.current_thread() is threading.main_thread()
        signal.setitimer(signal.ITIMER_REAL, 30)
        try:
            return asyncio.get_event_loop().run_until_complete(doubled(X))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def transform_input(self, X, features_names):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        while True:
            pass

    def transform_output(self, X, features_names):
        signal.raise_signal(signal.SIGALRM)
        return X
"""


def waiting(gate: Any, method: str = "predict") -> str:
    """Return a class whose ``predict`` or ``load`` waits at the gate."""
    arguments = "self, X, features_names" if method == "predict" else "self"
    return f"""
        class Waiting:
            def predict(self, X, features_names):
                return X

            def {method}({arguments}):
                {gate.pass_}
                return {"X" if method == "predict" else None}
    """


def test_signals_and_event_loops_work_in_user_code(seldon_run: Start) -> None:
    server = seldon_run("Needy", "REST,GRPC", MAIN, source=NEEDY)
    assert server.post("/predict", ROW).json["strData"] == "xx"
    for path in ("/transform-input", "/transform-output"):
        assert server.post(path, ROW).info == "TimeoutError: too late"
    with server.grpc_client() as client:
        assert client.predict("y") == "yy"
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [(), ("--workers=2",)], ids=["alone", "workers"])
def test_a_signal_during_a_call_drains(
    seldon_run: Start, gate: Any, number: signal.Signals, words: tuple[str, ...]
) -> None:
    server = seldon_run("Waiting", "REST", MAIN, *words, source=waiting(gate))
    call = Background(lambda: server.post("/predict", ROW))
    gate.wait_until_reached()
    server.process.send_signal(number)
    server.wait_for_log("draining")
    gate.open()
    assert call.outcome.json["strData"] == "x"
    assert server.wait() == 0


def test_a_signal_while_user_code_keeps_the_interpreter_busy_drains(
    seldon_run: Start, gate: Any, tmp_path: Path
) -> None:
    source = f"""
        import os
        class Busy:
            def predict(self, X, features_names):
                {gate.pass_}
                while not os.path.exists(X):
                    sum(range(1000))
                return "done"
    """
    server = seldon_run("Busy", "REST", MAIN, source=source)
    end = tmp_path / "end"
    call = Background(lambda: server.post("/predict", {"strData": str(end)}))
    gate.wait_until_reached()
    gate.open()
    server.terminate()
    server.wait_for_log("draining")
    end.touch()
    assert call.outcome.json["strData"] == "done"
    assert server.wait() == 0


def test_a_call_that_outlasts_the_grace_period_ends_the_process(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", MAIN, "--grace=0.2", source=waiting(gate))
    with server.client() as client:
        client.begin("POST", "/predict", b'{"strData": "x"}', {"Content-Type": "application/json"})
        gate.wait_until_reached()
        server.terminate()
        assert server.wait() == 1
    assert "their answers are lost" in server.log


def test_a_second_signal_ends_the_process_at_once(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", MAIN, source=waiting(gate))
    with server.client() as client:
        client.begin("POST", "/predict", b'{"strData": "x"}', {"Content-Type": "application/json"})
        gate.wait_until_reached()
        server.terminate()
        server.wait_for_log("draining")
        server.terminate()
        assert server.wait() == 128 + signal.SIGTERM


def test_a_signal_during_the_load_ends_the_process(seldon_run: Start, gate: Any) -> None:
    server = seldon_run("Waiting", "REST", MAIN, source=waiting(gate, "load"), wait=False)
    gate.wait_until_reached()
    server.terminate()
    assert server.wait() == 0
    assert "stopped while starting" in server.log


def test_a_failing_load_ends_with_3_and_its_message(seldon_run: Start) -> None:
    source = "class Broken:\n    def load(self):\n        raise ValueError('weights')\n"
    server = seldon_run("Broken", "REST", MAIN, source=source, wait=False)
    assert server.wait() == 3
    assert server.log.rstrip().endswith("seldon-run: Broken: Broken.load raised ValueError: weights")
    check = seldon_run("Broken", "REST", MAIN, "--check", wait=False)
    assert check.wait() == 3


def test_the_last_state_is_saved_and_restored(seldon_run: Start, tmp_path: Path) -> None:
    source = """
        class Counting:
            calls = 0
            def predict(self, X, features_names):
                self.calls = self.calls + 1
                return str(self.calls)
    """
    words = (MAIN, "--persistence=file", f"--persistence-folder={tmp_path / 'state'}")
    for expected in ("1", "2"):
        server = seldon_run("Counting", "REST", *words, source=source)
        assert server.post("/predict", ROW).json["strData"] == expected
        assert server.stop() == 0


def test_a_worker_that_dies_is_restarted_on_its_main_thread(seldon_run: Start) -> None:
    source = """
        import os, signal, threading
        class Dying:
            def predict(self, X, features_names):
                assert threading.current_thread() is threading.main_thread()
                if X == "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                return str(os.getpid())
    """
    server = seldon_run("Dying", "REST", MAIN, "--workers=2", source=source)
    with server.client() as client:
        client.begin("POST", "/predict", b'{"strData": "die"}', {"Content-Type": "application/json"})
        server.wait_for_log("was ended by SIGKILL")
    assert server.post("/predict", ROW).status == 200
    server.process.send_signal(signal.SIGHUP)
    assert server.post("/predict", ROW).status == 200
    assert server.stop() == 0


def test_a_reload_of_one_process_is_refused_with_the_reason(seldon_run: Start) -> None:
    server = seldon_run("Needy", "REST", MAIN, source=NEEDY)
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("SIGHUP is ignored")
    assert server.post("/predict", ROW).json["strData"] == "xx"


def test_several_threads_are_not_the_main_thread(seldon_run: Start) -> None:
    server = seldon_run("Needy", "REST", MAIN, "--threads=2", source=NEEDY, wait=False)
    assert server.wait() == 3
    assert "set --threads 1" in server.log


def test_a_component_on_its_own_thread_has_an_event_loop_and_is_told_of_the_main_thread(
    seldon_run: Start,
) -> None:
    server = seldon_run("Needy", "REST", source=NEEDY, wait=False)
    assert server.wait() == 3
    assert "Set SELDON_COMPONENT_THREAD=main" in server.log
    source = NEEDY.replace("signal.signal(signal.SIGINT, signal.default_int_handler)", "")
    source = source.replace("assert threading.current_thread() is threading.main_thread()", "pass")
    source = source.replace("signal.signal(signal.SIGALRM, too_late)", "pass").replace(
        "def transform_input(self, X, features_names):",
        "def transform_input(self, X, features_names):\n        signal.signal(signal.SIGALRM, too_late)",
    )
    own = seldon_run("Needy", "REST", source=source)
    assert own.post("/predict", ROW).json["strData"] == "xx"
    assert "Set SELDON_COMPONENT_THREAD=main" in own.post("/transform-input", ROW).info
