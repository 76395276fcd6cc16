"""A connection on which anything can be sent."""

from __future__ import annotations

import re
import select
import socket
from contextlib import suppress

from seldon_runtime.testing import WAIT_S


class RawSocket:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.received = b""

    def send(self, *pieces: bytes) -> RawSocket:
        """Send pieces one after the other."""
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def drip(self, piece: bytes) -> RawSocket:
        """Send a piece again and again, slowly, until something comes back."""
        while not self.is_readable(0.05):
            self.socket.sendall(piece)
        return self

    def pour(self, piece: bytes) -> RawSocket:
        """Send a piece again and again, at full speed, until something comes back, or nothing is taken."""
        with suppress(OSError):
            while not self.is_readable(0):
                self.socket.sendall(piece)
        return self

    def send_if_open(self, piece: bytes) -> bool:
        """Send a piece; return false if the connection has ended, or takes nothing for ``WAIT_S``."""
        try:
            self.socket.sendall(piece)
        except OSError:
            return False
        return True

    def ends_or_has(self, part: bytes) -> bool:
        """Wait until the server sends that part or ends the connection; return false after ``WAIT_S``."""
        try:
            while part not in self.received:
                more = self.socket.recv(65536)
                if not more:
                    return True
                self.received += more
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True

    def is_readable(self, within_s: float) -> bool:
        """Return whether there are bytes, or the end, within that time."""
        return bool(select.select([self.socket], [], [], within_s)[0])

    def until(self, end: bytes) -> bytes:
        """Wait for ``end``; return all that came so far."""
        while end not in self.received:
            part = self.socket.recv(65536)
            assert part, f"the connection ended after {self.received!r:.500}"
            self.received += part
        taken, self.received = self.received, b""
        return taken

    def all(self) -> bytes:
        """Return all that comes until the server closes the connection."""
        with suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                self.received += part
        return self.received

    def statuses(self) -> list[int]:
        """Return the statuses of all HTTP answers that come until the server closes the connection."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", self.all())]

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
