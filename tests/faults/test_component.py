"""What a component may do to its process, with one process and with two workers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
JSON = {"Content-Type": "application/json"}

WILD = """
    import ctypes, multiprocessing, os, sys, threading, time

    class Wild:
        def __init__(self):
            self.kept = []

        def predict(self, X, features_names):
            match X:
                case "leak": self.kept.append(bytearray(b"x" * 1_000_000))
                case "raise": raise RuntimeError("no")
                case "exit": os._exit(5)
                case "segfault": ctypes.string_at(0)
                case "hang": threading.Event().wait()
                case "hang in C": ctypes.PyDLL(None).pause()
                case "write": sys.stdout.write("x" * 5_000_000 + "\\n"); sys.stdout.flush()
                case "fork":
                    child = os.fork()
                    if child == 0:
                        os._exit(0)
                    os.waitpid(child, 0)
                case "fork and exit":
                    if os.fork():
                        os._exit(5)
                    os.close(1)  # the log ends with the server
                    os.close(2)
                    time.sleep(60)
                    os._exit(0)
                case "spawn":
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        return str(pool.apply(abs, (-3,)))
            return X

        def tags(self):
            return {"process": str(os.getpid())}
"""


def ask(server: Any, text: str) -> Any:
    return server.post("/predict", {"strData": text})


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_does_no_harm(seldon_run: Start, workers: str) -> None:
    server = seldon_run("Wild", "REST", "--workers", workers, source=WILD)
    assert ask(server, "raise").status == 500
    for text in ("write", "fork", "hello"):
        assert ask(server, text).json["strData"] == text
    assert ask(server, "spawn").json["strData"] == "3"
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("text", "fate", "transport"), [("exit", "status 5", "rest"), ("segfault", "SIGSEGV", "grpc")]
)
def test_a_worker_that_ends_itself_takes_its_call_along_and_nothing_else(
    seldon_run: Start, load: Start, text: str, fate: str, transport: str
) -> None:
    server = seldon_run("Wild", "REST,GRPC", "--workers", "2", source=WILD)
    clients = load(server, transport, clients=2)
    clients.wait_for_answers()
    with pytest.raises(ConnectionError):
        ask(server, text)
    server.wait_for_log(rf"{fate}(?s:.*)is ready")
    clients.wait_for_answers()
    clients.stop()
    assert len(clients.failures) <= 2  # those that the dead worker was answering


def test_a_worker_that_dies_is_replaced_though_a_process_that_it_forked_lives_on(seldon_run: Start) -> None:
    server = seldon_run("Wild", "REST", "--workers", "2", source=WILD)
    with server.client() as client:
        client.http.request("POST", "/predict", b'{"strData": "fork and exit"}', JSON)
        server.wait_for_log(r"status 5(?s:.*)is ready")
    assert ask(server, "hello").json["strData"] == "hello"


def test_what_leaks_goes_with_its_process_and_no_call_fails(seldon_run: Start) -> None:
    """Without ``--max-requests`` one process would answer for ever."""
    server = seldon_run("Wild", "REST", "--max-requests", "20", source=WILD)
    processes: set[str] = set()
    while len(processes) < 3:
        answer = server.post("/predict", {"strData": "leak"})
        assert (answer.status, answer.json["strData"]) == (200, "leak")
        processes.add(answer.json["meta"]["tags"]["process"])
    server.wait_for_log(rf"\(process ({'|'.join(processes)})\) ended with status 0")


def test_a_call_that_hangs_has_the_worker_replaced(seldon_run: Start, load: Start) -> None:
    server = seldon_run(
        *("Wild", "REST", "--workers", "2", "--hang-timeout", "0.5", "--grace", "1"), source=WILD
    )
    with server.client() as hanging:
        hanging.http.request("POST", "/predict", b'{"strData": "hang"}', JSON)
        server.wait_for_log("a call has been running for more than 0.5 s")
        assert re.search(r'Wild.py", line \d+, in predict', server.log)
        victim = server.wait_for_log(r"(worker \d \(process \d+\)) hangs, and is being replaced")[1]
        server.wait_for_log(r"hangs, and is being replaced(?s:.*)is ready")
        clients = load(server, "rest", clients=4)
        clients.wait_for_answers()
        server.wait_for_log(re.escape(victim) + " ended with status 1")
        clients.stop()
        assert clients.failures == []


def test_native_code_that_keeps_the_interpreter_to_itself_ends_the_worker(seldon_run: Start) -> None:
    server = seldon_run("Wild", "REST", "--workers", "2", "--hang-timeout", "0.5", source=WILD)
    with pytest.raises(ConnectionError):
        ask(server, "hang in C")
    server.wait_for_log(r"Timeout \(0:00:01(?s:.*)in predict(?s:.*)ended with status 1(?s:.*)is ready")
    assert ask(server, "hello").json["strData"] == "hello"


def test_one_process_that_hangs_refuses_what_waits_and_ends(seldon_run: Start) -> None:
    server = seldon_run("Wild", "REST", "--hang-timeout", "0.5", "--grace", "1", source=WILD)
    with server.client() as hanging, server.client() as waiting, server.client() as probe:
        hanging.http.request("POST", "/predict", b'{"strData": "hang"}', JSON)
        waiting.http.request("POST", "/predict", b'{"strData": "hello"}', JSON)
        refused = waiting.answer()
        assert refused.status == 503
        assert refused.info == "the component hangs; the process is being replaced"
        assert probe.get("/health/live").status == 503
    assert server.wait() == 1
    server.process.returncode = 0
