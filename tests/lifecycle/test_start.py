"""The start of a real process: readiness after the load, the address to open, and failed starts."""

from __future__ import annotations

import re
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.http_client import HttpClient

Start = Callable[..., Any]


def test_nothing_is_ready_before_load_has_finished(seldon_run: Start, gate: Any, free_port: int) -> None:
    source = f"""
        class Slow:
            def load(self):
                {gate.pass_}
            def predict(self, X, features_names):
                return X
    """
    server = seldon_run("Slow", "REST", "--http-port", str(free_port), source=source, wait=False)
    gate.wait_until_reached()
    with pytest.raises(ConnectionRefusedError):
        HttpClient(free_port).connect()
    assert "ready" not in server.log
    gate.open()
    server.wait_until_ready()


def test_a_failing_load_ends_with_3_the_users_traceback_and_one_message(seldon_run: Start) -> None:
    source = """
        class Broken:
            def load(self):
                raise ValueError("weights are broken")
    """
    server = seldon_run("Broken", "REST", source=source, wait=False)
    assert server.wait() == 3
    assert server.log.count("Traceback") == 1
    assert 'Broken.py", line 4, in load' in server.log
    assert server.log.rstrip().endswith(
        "seldon-run: Broken: Broken.load raised ValueError: weights are broken"
    )


@pytest.mark.parametrize("words", [["--workers", "1"], ["--workers", "2"], ["--max-requests", "5"]])
@pytest.mark.parametrize(
    ("transport", "option"), [("REST", "--http-port"), ("GRPC", "--grpc-port"), ("REST", "--metrics-port")]
)
def test_a_port_in_use_is_found_before_the_load(
    seldon_run: Start, words: list[str], transport: str, option: str
) -> None:
    source = """
        raise SystemExit("the class was loaded")
    """
    with socket.create_server(("0.0.0.0", 0)) as other:
        number = other.getsockname()[1]
        env = {"METRICS": "prometheus" if option == "--metrics-port" else "0"}
        words = [transport, option, str(number), *words]
        server = seldon_run("Slow", *words, source=source, wait=False, env=env)
        assert server.wait() == 3
    assert f"cannot listen on 0.0.0.0:{number}" in server.log
    assert option in server.log
    assert "loading" not in server.log
    assert "Traceback" not in server.log


def test_the_log_tells_the_load_and_the_address_to_open(seldon_run: Start) -> None:
    server = seldon_run("Echo", "REST", source=ECHO)
    assert "loading Echo …" in server.log
    link = server.wait_for_log(r"open (http://localhost:(\d+)/docs) in a browser")
    with HttpClient(int(link[2])) as client:
        assert client.get("/docs/").status == 200


IN_A_TERMINAL = """
import os, pty, signal, sys

child, terminal = pty.fork()
if not child:
    os.execv("{run}", ["{run}", *sys.argv[1:]])
signal.signal(signal.SIGTERM, lambda number, frame: os.kill(child, number))
try:
    while text := os.read(terminal, 4096):
        os.write(1, text)
except OSError:  # the child has ended
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Runs a program in a terminal of its own, and ends with it."""


def test_the_address_is_in_colour_on_a_terminal_only(
    seldon_run: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = tmp_path / "terminal"
    run = Path(sysconfig.get_path("scripts"), "seldon-run")
    terminal.write_text(f"#!{sys.executable}\n{IN_A_TERMINAL.format(run=run)}")
    terminal.chmod(0o755)
    server = seldon_run("Echo", "REST", source=ECHO, program=terminal, wait=False)
    link = server.wait_for_log("open \x1b\\[1;36m(http://localhost:\\d+/docs)\x1b\\[0m")
    server.process.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    plain = seldon_run("Echo", "REST", source=ECHO)
    plain.wait_for_log(r"open http://localhost")
    assert "\x1b" not in plain.log
    assert link[1]


def test_a_port_in_use_is_named_with_the_remedy_and_without_a_traceback(seldon_run: Start) -> None:
    first = seldon_run("Echo", "REST", source=ECHO)
    second = seldon_run("Echo", "REST", "--http-port", str(first.port), wait=False)
    assert second.wait() == 3
    assert f"cannot listen on 0.0.0.0:{first.port}" in second.log
    assert "--http-port (PREDICTIVE_UNIT_HTTP_SERVICE_PORT)" in second.log
    assert "Traceback" not in second.log
    assert first.post("/predict", {"strData": "still"}).json["strData"] == "still"


@pytest.mark.parametrize("place", ["module", "__init__", "load"])
def test_user_code_that_exits_at_start_is_a_failed_start(seldon_run: Start, place: str) -> None:
    source = f"""
        import sys
        class Exiting:
            def __init__(self):
                "__init__" == {place!r} and sys.exit(0)
            def load(self):
                "load" == {place!r} and sys.exit(0)
        "module" == {place!r} and sys.exit(0)
    """
    server = seldon_run("Exiting", "REST", source=source, wait=False)
    assert server.wait() == 3
    assert re.search("^seldon-run: .*SystemExit", server.log, re.M)


def test_sigterm_while_loading_ends_with_0(seldon_run: Start, gate: Any) -> None:
    source = f"""
        class Slow:
            def __init__(self):
                {gate.pass_}
    """
    server = seldon_run("Slow", "REST", source=source, wait=False)
    gate.wait_until_reached()
    server.terminate()
    assert server.wait() == 0
    assert "stopped while starting" in server.log
