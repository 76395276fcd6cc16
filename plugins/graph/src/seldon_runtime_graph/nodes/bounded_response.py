"""The answer of an HTTP server, read until a point of time and not longer."""

from __future__ import annotations

import io
import select
import socket
import time
from http.client import HTTPResponse
from typing import Any


class BoundedResponse(HTTPResponse):
    """An answer that is read until a point of time, however slowly its bytes come.

    A socket's own timeout begins anew with each byte, so that a server could hold a thread for hours.

    Args:
        sock: the connection.
        until: the time of ``time.monotonic`` at which reading raises TimeoutError.
        more: as of HTTPResponse.
    """

    def __init__(self, sock: socket.socket, *more: Any, until: float, **named: Any) -> None:
        super().__init__(sock, *more, **named)
        self.fp.close()
        self.fp = io.BufferedReader(_Bounded(sock, until))


class _Bounded(io.RawIOBase):
    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until
        self._raw: Any = sock.makefile("rb", buffering=0)  # keeps the socket open until the answer is read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def is_dropped(sock: socket.socket) -> bool:
    """Return whether an idle connection is closed, or has bytes that nobody asked for."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
