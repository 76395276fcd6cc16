"""Pieces of requests as bytes, and what a connection brings back."""

from __future__ import annotations

import re
import socket

from seldon_runtime_rest.server.connections import ConnectionLimits

MAX_HEAD_BYTES = ConnectionLimits().max_head_bytes
BODY = b'{"strData":"x"}'
HEAD = b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n"
CHUNKED_BODY = b"f\r\n" + BODY + b"\r\n0\r\n\r\n"
LAST = b"Connection: close\r\n"
ECHOED = b'{"meta":{},"strData":"x"}\n'


def all_of(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", received)]
