"""The suite that every transport of the runtime passes, for the installed plugin."""

from __future__ import annotations

import json
import socket
from typing import Any

from seldon_runtime.plugin import Method
from seldon_runtime.testing import WAIT_S, CallFailed, TransportContract


class TestMyName(TransportContract):
    transport = "my-name"

    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        line = json.dumps({"method": method.value, "request": request}).encode()
        answer = exchange(address, line, timeout_s)
        if "status" in answer:
            raise CallFailed(answer["status"]["reason"], answer["status"]["info"])
        return answer

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        exchange(address, rubbish)


def exchange(address: str, line: bytes, timeout_s: float = WAIT_S) -> Any:
    """Send one line over a new connection and return its answer."""
    host, _, port = address.removeprefix("my-name://").rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s) as connection:
        connection.sendall(line + b"\n")
        answer = connection.makefile("rb").readline()
    if not answer.endswith(b"\n"):
        raise ConnectionError("the server closed the connection")
    return json.loads(answer)
