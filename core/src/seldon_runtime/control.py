"""What the supervisor and one worker say to each other: JSON lines, with open sockets, over a socket pair."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from typing import Any, Self

_MOST_BYTES = 65_536
_MOST_DESCRIPTORS = 8


class Channel:
    """One end. Thread-safe for sending; one thread receives.

    Args:
        end: a connected Unix stream socket, owned from now on.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._buffer = b""
        self._descriptors: deque[int] = deque()

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """The supervisor's end, and the socket that becomes the worker's."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    def fileno(self) -> int:
        """For ``select``."""
        return self._end.fileno()

    def send(self, message: dict[str, Any], attached: socket.socket | None = None) -> bool:
        """Say something, and pass a socket on; False when nobody listens any more."""
        if attached is not None:
            message = {**message, "attached": True}
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._lock:
                if attached is None:
                    self._end.sendall(line)
                else:  # the descriptor goes with the first byte
                    sent = socket.send_fds(self._end, [line], [attached.fileno()])
                    self._end.sendall(line[sent:])
        except OSError:
            return False
        return True

    def receive(self, *, wait: bool = True) -> list[dict[str, Any]] | None:
        """Messages that came; None when the other side has hung up. ``attached`` becomes a socket.

        Args:
            wait: whether to wait for one.
        """
        messages: list[dict[str, Any]] = []
        while not messages:
            try:
                data, descriptors, _, _ = socket.recv_fds(
                    self._end, _MOST_BYTES, _MOST_DESCRIPTORS, 0 if wait else socket.MSG_DONTWAIT
                )
            except BlockingIOError:
                break
            except OSError:
                return None
            self._descriptors.extend(descriptors)
            if not data:
                return None
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            messages += [self._read(line) for line in lines]
        return messages

    def _read(self, line: bytes) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(line)
        if "attached" in message:
            message["attached"] = socket.socket(fileno=self._descriptors.popleft())
        return message

    def close(self) -> None:
        """Hang up."""
        self._end.close()
