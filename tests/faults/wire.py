"""A connection on which anything can be sent."""

from __future__ import annotations

import re
import select
import socket
from contextlib import suppress

from seldon_runtime.testing import WAIT_S


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.received = b""

    def send(self, *pieces: bytes) -> Wire:
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def drip(self, piece: bytes) -> Wire:
        """Send a piece again and again, slowly, until something comes back."""
        while not self.is_readable(0.05):
            self.socket.sendall(piece)
        return self

    def pour(self, piece: bytes) -> Wire:
        """Send a piece again and again, at full speed, until something comes back, or nothing is taken."""
        with suppress(OSError):
            while not self.is_readable(0):
                self.socket.sendall(piece)
        return self

    def send_if_open(self, piece: bytes) -> bool:
        """Send a piece unless the server has ended the connection, or takes nothing for ``WAIT_S``."""
        try:
            self.socket.sendall(piece)
        except OSError:
            return False
        return True

    def ends_or_has(self, part: bytes) -> bool:
        """Whether, within ``WAIT_S``, the server ends the connection, or sends something with that part."""
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
        """Whether there are bytes, or the end."""
        return bool(select.select([self.socket], [], [], within_s)[0])

    def until(self, end: bytes) -> bytes:
        """What comes up to and with ``end``, and what came with it."""
        while end not in self.received:
            part = self.socket.recv(65536)
            assert part, f"the connection ended after {self.received!r:.500}"
            self.received += part
        taken, self.received = self.received, b""
        return taken

    def all(self) -> bytes:
        """What comes until the server closes the connection."""
        with suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                self.received += part
        return self.received

    def statuses(self) -> list[int]:
        """Of all HTTP answers until the server closes the connection."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", self.all())]

    def close(self) -> None:
        self.socket.close()
