"""What a component may do to its process, over both transports, with one process and with two workers."""

from __future__ import annotations

import itertools
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from tests.support.ways import SLOW

Start = Callable[..., Any]
TRANSPORTS = ("rest", "grpc")
BOTH = pytest.mark.parametrize("transport", TRANSPORTS)
EITHER = pytest.mark.parametrize("transport", TRANSPORTS if SLOW else TRANSPORTS[1:])
"""Where there is time, over each transport; else over one."""
ENDS = {"exit": ("status 5", 5), "segfault": ("SIGSEGV", -signal.SIGSEGV)}
EACH_END = pytest.mark.parametrize(
    ("text", "transport"),
    list(itertools.product(ENDS, TRANSPORTS) if SLOW else zip(ENDS, TRANSPORTS, strict=True)),
)

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
                case "hang": print("hanging", flush=True); threading.Event().wait()
                case "hang in C": ctypes.PyDLL(None).pause()
                case "write": sys.stdout.write("x" * 5_000_000 + "\\n"); sys.stdout.flush()
                case "fork":
                    child = os.fork()
                    if child == 0:
                        os._exit(0)
                    os.waitpid(child, 0)
                case "fork and exit":
                    child = os.fork()
                    if child:
                        print("forked", child, flush=True)
                        os._exit(5)
                    time.sleep(60)
                    os._exit(0)
                case "spawn":
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        return str(pool.apply(abs, (-3,)))
            return X

        def tags(self):
            return {"process": str(os.getpid())}
"""


def fails(how: str) -> Any:
    """A block in which a call fails over whatever transport."""
    return pytest.raises((AssertionError, ConnectionError, grpc.RpcError), match=how)


LOST = "closed connection|reset|UNAVAILABLE"


def test_what_does_no_harm(seldon_run: Start, caller: Start, way: Any) -> None:
    server = seldon_run("Wild", way.transport, "--workers", way.workers, source=WILD)
    call = caller(server, way.transport)
    with fails("HTTP 500|INTERNAL"):
        call("raise")
    for text, answer in (("write", "write"), ("fork", "fork"), ("spawn", "3"), ("hello", "hello")):
        assert call(text)[0] == answer
    assert server.stop() == 0


@EACH_END
def test_a_worker_that_ends_itself_takes_its_call_along_and_nothing_else(
    seldon_run: Start, caller: Start, load: Start, text: str, transport: str
) -> None:
    server = seldon_run("Wild", "REST,GRPC", "--workers", "2", source=WILD)
    others = [load(server, name, clients=1) for name in ("rest", "grpc")]
    for clients in others:
        clients.wait_for_answers()
    with fails(LOST):
        caller(server, transport)(text)
    server.wait_for_log(rf"{ENDS[text][0]}(?s:.*)is ready")
    for clients in others:
        clients.wait_for_answers()
        clients.stop()
    assert sum(len(clients.failures) for clients in others) <= 2  # those that the dead worker was answering


@EACH_END
def test_one_process_that_ends_itself_says_how_by_its_status(
    seldon_run: Start, caller: Start, text: str, transport: str
) -> None:
    server = seldon_run("Wild", transport, source=WILD)
    with fails(LOST):
        caller(server, transport)(text)
    assert server.wait() == ENDS[text][1]


@EITHER
def test_a_worker_that_dies_is_replaced_though_a_process_that_it_forked_lives_on(
    seldon_run: Start, caller: Start, transport: str
) -> None:
    server = seldon_run("Wild", transport, "--workers", "2", source=WILD)
    caller(server, transport).begin("fork and exit")
    forked = int(server.wait_for_log(r"^forked (\d+)$")[1])
    server.wait_for_log(r"status 5(?s:.*)is ready")
    assert caller(server, transport)("hello")[0] == "hello"
    os.kill(forked, signal.SIGKILL)


def test_what_leaks_goes_with_its_process_and_no_call_fails(
    seldon_run: Start, caller: Start, way: Any
) -> None:
    """Without ``--max-requests`` the processes would answer for ever."""
    age = ("--grpc-max-connection-age", "0.5", "--http-max-connection-age", "0.5")
    server = seldon_run(
        *("Wild", "REST,GRPC", "--workers", way.workers, "--max-requests", "20", *age), source=WILD
    )
    processes: set[str] = set()
    call = caller(server, way.transport)
    while len(processes) < 3:
        echo, process = call("leak")
        assert echo == "leak"
        processes.add(process)
    server.wait_for_log(rf"\(process ({'|'.join(processes)})\) ended with status 0")


@BOTH
def test_a_call_that_hangs_has_the_worker_replaced(
    seldon_run: Start, caller: Start, load: Start, transport: str
) -> None:
    server = seldon_run(
        *("Wild", transport, "--workers", "2", "--hang-timeout", "0.5", "--grace", "1"), source=WILD
    )
    hanging = caller(server, transport)
    hanging.begin("hang")
    server.wait_for_log("a call has been running for more than 0.5 s")
    server.wait_for_log(r'Wild.py", line \d+, in predict')
    victim = server.wait_for_log(r"(worker \d \(process \d+\)) hangs; starting its successor")[1]
    server.wait_for_log(r"hangs; starting its successor(?s:.*)is ready")
    clients = load(server, transport, clients=4)
    clients.wait_for_answers()
    server.wait_for_log(re.escape(victim) + " ended with status 1")
    clients.stop()
    assert clients.failures == []
    with fails(LOST):
        hanging.answer()


@EITHER
def test_native_code_that_keeps_the_interpreter_to_itself_ends_the_worker(
    seldon_run: Start, caller: Start, transport: str
) -> None:
    server = seldon_run("Wild", transport, "--workers", "2", "--hang-timeout", "0.5", source=WILD)
    with fails(LOST):
        caller(server, transport)("hang in C")
    server.wait_for_log(r"Timeout \(0:00:01(?s:.*)in predict(?s:.*)ended with status 1(?s:.*)is ready")
    assert caller(server, transport)("hello")[0] == "hello"


@BOTH
def test_one_process_that_hangs_refuses_what_waits_and_ends(
    seldon_run: Start, caller: Start, transport: str
) -> None:
    server = seldon_run("Wild", "REST,GRPC", "--hang-timeout", "0.5", "--grace", "1", source=WILD)
    with server.client() as probe:
        caller(server, transport).begin("hang")
        server.wait_for_log("^hanging$")
        waiting = caller(server, transport)
        waiting.begin("hello")
        with fails("(HTTP 503|UNAVAILABLE)(?s:.*)the component hangs; the process restarts"):
            waiting.answer()
        assert probe.get("/health/live").status == 503
    assert server.wait() == 1
    server.process.returncode = 0
