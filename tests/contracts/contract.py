"""The client of :mod:`wire`, and the contract for it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

from seldon_runtime.inference.method import Method
from seldon_runtime.testing import WAIT_S, CallFailed, TransportContract


def connect(address: str, timeout_s: float) -> socket.socket:
    host, _, port = address.removeprefix("wire://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=timeout_s)


def exchange(address: str, line: bytes, timeout_s: float = WAIT_S) -> Any:
    with connect(address, timeout_s) as connection:
        connection.sendall(line + b"\n")
        answer = connection.makefile("rb").readline()
    if not answer.endswith(b"\n"):
        raise ConnectionError("the server closed the connection")
    parsed = json.loads(answer)
    if "reason" in parsed:
        raise CallFailed(parsed["reason"], parsed["message"])
    return parsed["answer"]


def line(ask: str, request: Any = None, timeout_s: float = WAIT_S) -> bytes:
    return json.dumps({"ask": ask, "timeout_s": timeout_s, "request": request}).encode()


class WireContract(TransportContract):
    transport = "wire"
    carries_deadlines = True

    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        return exchange(address, line(method.value, request, timeout_s), timeout_s + 1)

    def is_ready(self, address: str) -> bool:
        ready: bool = exchange(address, line("ready"))
        return ready

    def metadata(self, address: str) -> Any:
        return exchange(address, line("metadata"))

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        exchange(address, rubbish)

    def leave(self, address: str, request: Any, until: Callable[[], None]) -> None:
        with connect(address, WAIT_S) as connection:
            connection.sendall(line("predict", request) + b"\n")
            until()

    def stream(self, address: str, request: Any, timeout_s: float) -> Iterator[Any]:
        with connect(address, timeout_s + 1) as connection, connection.makefile("rb") as lines:
            connection.sendall(line("stream", request, timeout_s) + b"\n")
            for answer in lines:
                parsed = json.loads(answer)
                if "reason" in parsed:
                    raise CallFailed(parsed["reason"], parsed["message"])
                if "item" not in parsed:
                    return
                yield parsed["item"]
        raise ConnectionError("the server closed the connection in the middle of a stream")
