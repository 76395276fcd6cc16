"""User code that forks: its children keep nothing of the server's, and nothing waits for them."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, wait_until

Start = Callable[..., Any]

FORKING = """
    import multiprocessing
    import os
    import signal
    import time

    context = multiprocessing.get_context("fork")

    def square(value):
        return value * value

    class Forking:
        def load(self):
            self.calls = []

        def predict(self, X, features_names):
            self.calls.append(X)
            return str(getattr(self, str(X))())

        def ping(self):
            return len(self.calls)

        def sleeper(self):
            child = os.fork()
            if child == 0:
                while True:
                    time.sleep(60)
            return child

        def endless(self):
            process = context.Process(target=time.sleep, args=(600,))
            process.start()
            return process.pid

        def daemon(self):
            self.process = context.Process(target=time.sleep, args=(600,), daemon=True)
            self.process.start()
            return self.process.pid

        def pool(self):
            with context.Pool(2) as pool:
                return sum(pool.map(square, range(4)))

        def terminated(self):
            process = context.Process(target=time.sleep, args=(600,))
            process.start()
            process.terminate()
            process.join()
            return process.exitcode

        def returning(self):
            child = os.fork()
            if child == 0:
                return 0
            return os.waitpid(child, 0)[1]

        def leaving(self):
            child = os.fork()
            if child == 0:
                raise SystemExit(7)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
LAYOUTS = pytest.mark.parametrize("layout", [(), ("--workers", "2")], ids=["one process", "workers"])


def ask(server: Any, word: str) -> int:
    answer = server.post("/predict", {"strData": word})
    assert answer.status == 200, answer
    return int(answer.json["strData"])


@pytest.fixture
def children() -> Iterator[list[int]]:
    started: list[int] = []
    yield started
    for child in started:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def open_sockets(pid: int) -> set[str]:
    """Return the TCP sockets; the event loop of the component's thread has others."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.add(os.readlink(path))
    tables = (Path(f"/proc/{pid}/net/{table}").read_text() for table in ("tcp", "tcp6"))
    numbers = {line.split()[9] for table in tables for line in table.splitlines()[1:]}
    return found & {f"socket:[{number}]" for number in numbers}


def caught_signals(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"SigCgt:\s+(\w+)", status)[1], 16)  # type: ignore[index]


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("0.0.0.0", port))
            listener.listen()
        except OSError:
            return False
    return True


@LAYOUTS
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_a_forked_child_keeps_no_port_connection_or_handler(
    seldon_run: Start,
    raw_socket: Start,
    children: list[int],
    layout: tuple[str, ...],
    ended_by: signal.Signals,
) -> None:
    server = seldon_run("Forking", "REST,GRPC", "--grace", "2", *layout, source=FORKING)
    rest = raw_socket(server)
    grpc = raw_socket(server, "grpc")
    grpc.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    assert grpc.is_readable(WAIT_S)
    rest.send(b"GET /health/ping HTTP/1.1\r\nHost: x\r\n\r\n").until(b"pong")
    for _ in range(4 if layout else 1):  # so that the worker of each connection has probably forked
        children.append(ask(server, "sleeper"))
    handled = [signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP]
    for child in children:
        wait_until(lambda child=child: not open_sockets(child), "the child has left the server")  # type: ignore[misc]
        assert [number for number in handled if caught_signals(child) >> (number - 1) & 1] == []
    ports = server.ports
    if ended_by is signal.SIGTERM:
        server.terminate()
        assert server.process.wait(WAIT_S) == 0
    else:
        server.process.kill()  # its workers, if any, then end by themselves
        server.process.wait(WAIT_S)
    rest.all()
    grpc.all()
    for port in ports.values():
        wait_until(lambda port=port: is_free(port), "the port is free")  # type: ignore[misc]
    for child in children:
        os.kill(child, 0)


@LAYOUTS
@pytest.mark.parametrize("kind", ["endless", "daemon", "sleeper"])
def test_a_living_child_does_not_hold_up_the_end(
    seldon_run: Start, children: list[int], layout: tuple[str, ...], kind: str
) -> None:
    server = seldon_run("Forking", "REST,GRPC", "--grace", "1", *layout, source=FORKING)
    children.append(ask(server, kind))
    server.terminate()
    assert server.process.wait(WAIT_S) == 0
    if kind == "endless":
        server.wait_for_log(f"the children {children[0]} of a plugin or of user code did not end")


def test_a_child_is_terminated_however_early(seldon_run: Start) -> None:
    server = seldon_run("Forking", "REST,GRPC", source=FORKING)
    assert {ask(server, "terminated") for _ in range(50)} == {-signal.SIGTERM}


@LAYOUTS
def test_a_pool_in_each_call_works_hundreds_of_times(seldon_run: Start, layout: tuple[str, ...]) -> None:
    server = seldon_run("Forking", "REST,GRPC", *layout, source=FORKING)
    with server.client() as client:
        for _ in range(300):
            assert client.post("/predict", {"strData": "pool"}).json["strData"] == "14"


@pytest.mark.parametrize(("word", "status"), [("returning", 0), ("leaving", 7)])
def test_a_child_that_returns_from_the_call_ends_and_answers_nobody(
    seldon_run: Start, word: str, status: int
) -> None:
    server = seldon_run("Forking", "REST,GRPC", "--access-log", source=FORKING)
    assert ask(server, word) == status
    assert ask(server, "ping") == 2
    assert server.stop() == 0
    assert server.log.count("/predict") == 2
