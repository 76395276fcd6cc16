"""Latency at a fixed rate: the client sends a call when it is due, even if earlier calls wait for answers.

A client that waits for each answer hides the waiting time of the next calls ("coordinated omission"). So the
latency of a call counts here from the moment when it was due.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections import deque
from dataclasses import dataclass, field

from benchmarks.running import Running

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SPIN_S = 0.002
"""epoll wakes up late by less than this. The client spins if the next call is nearer."""
_BEHIND_S = 1.0
"""The client gives up when the server is later than this."""


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def latencies_ms(server: Running, rate: float, seconds: float, connections: int = 64) -> list[float] | None:
    """Return the latency of each call, in milliseconds. Blocks for ``seconds``; uses a whole processor.

    Returns:
        None when the server falls behind.
    """
    head = (
        f"POST {server.server.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(server.server.body)}\r\n\r\n"
    )
    return _Client(server.http, head.encode() + server.server.body, connections).run(rate, seconds)


class _Client:
    def __init__(self, port: int, request: bytes, connections: int) -> None:
        self._address = ("127.0.0.1", port)
        self._request = request
        self._poll = select.epoll()
        self._by_fd: dict[int, _Connection] = {}
        self._free: deque[_Connection] = deque()
        self._found: list[float] = []
        for _ in range(connections):
            self._connect()

    def run(self, rate: float, seconds: float) -> list[float] | None:
        began = time.perf_counter()
        calls = int(rate * seconds)
        sent = 0
        while len(self._found) < calls:
            now = time.perf_counter()
            while self._free and sent < calls and began + sent / rate <= now:
                self._send(self._free.popleft(), began + sent / rate)
                sent += 1
            if now - began > min(sent / rate, seconds) + _BEHIND_S:
                self._close()
                return None
            wait_s = began + sent / rate - now if self._free and sent < calls else _SPIN_S * 2
            for fd, _ in self._poll.poll(max(0.0, wait_s - _SPIN_S)):
                self._receive(self._by_fd[fd])
        self._close()
        return self._found

    def _connect(self) -> None:
        connection = _Connection(socket.create_connection(self._address))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket.setblocking(False)
        self._by_fd[connection.socket.fileno()] = connection
        self._poll.register(connection.socket, select.EPOLLIN)
        self._free.append(connection)

    def _send(self, connection: _Connection, due: float) -> None:
        connection.due = due
        connection.socket.send(self._request)

    def _receive(self, connection: _Connection) -> None:
        part = connection.socket.recv(65536)
        connection.received += part
        end = connection.received.find(b"\r\n\r\n")
        length = _LENGTH.search(connection.received, 0, end) if end >= 0 else None
        if length is not None and len(connection.received) >= end + 4 + int(length[1]):
            if not connection.received.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a call failed: {bytes(connection.received[:500])!r}")
            self._found.append((time.perf_counter() - connection.due) * 1000)
            if b"onnection: close" in connection.received[:end]:
                self._replace(connection)
            else:
                connection.received.clear()
                self._free.append(connection)
        elif not part:  # a server that closes each connection
            self._replace(connection)

    def _replace(self, connection: _Connection) -> None:
        if connection in self._free:
            self._free.remove(connection)
        self._drop(connection)
        self._connect()

    def _drop(self, connection: _Connection) -> None:
        del self._by_fd[connection.socket.fileno()]
        self._poll.unregister(connection.socket)
        connection.socket.close()

    def _close(self) -> None:
        for connection in list(self._by_fd.values()):
            self._drop(connection)
        self._poll.close()
