"""The channel between the supervisor and a worker: JSON lines and open sockets over a socket pair."""

from __future__ import annotations

import json
import logging
import socket
import threading
from array import array
from collections import deque
from collections.abc import Iterable
from typing import Any, Self

logger = logging.getLogger(__name__)

_MOST_BYTES = 65_536
"""The most bytes of a message, and of one read."""
_MOST_DESCRIPTORS = 8


class Channel:
    """One end of the channel. Any thread may send; one thread receives.

    Args:
        end: a connected Unix stream socket, which the channel closes.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._buffer = b""
        self._descriptors: deque[int] = deque()

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Return the supervisor's end, and the socket for the worker's end."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    def fileno(self) -> int:
        """Return the descriptor, for ``select``."""
        return self._end.fileno()

    def send(self, message: dict[str, Any], attached: socket.socket | None = None) -> bool:
        """Send a message, perhaps with a socket; return False if the other end is closed."""
        if attached is not None:
            message = {**message, "attached": True}
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._lock:
                if attached is None:
                    self._end.sendall(line)
                else:  # the first byte carries the descriptor
                    sent = socket.send_fds(self._end, [line], [attached.fileno()])
                    self._end.sendall(line[sent:])
        except OSError:
            return False
        return True

    def beat(self) -> None:
        """Send a sign of life. Never blocks: a pause of the other end must not stop this process."""
        if self._lock.acquire(blocking=False):  # else a message is on its way, which is such a sign
            try:
                self._end.send(b"\n", socket.MSG_DONTWAIT)
            except OSError:  # full, or closed: then the reader of orders notices
                pass
            finally:
                self._lock.release()

    def receive(self, *, wait: bool = True) -> list[dict[str, Any]] | None:
        """Return the received messages, with sockets as their ``attached`` members.

        Signs of life are not messages: after them alone, the list is empty. Returns None if the other end is
        closed, or sent an invalid message, which is logged.

        Args:
            wait: True to wait for a message.
        """
        messages: list[dict[str, Any]] = []
        while not messages:
            try:
                data, descriptors = self._received(0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:
                return None
            self._descriptors.extend(descriptors)
            if not data:
                return None
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            try:
                messages += [self._read(line) for line in lines if line]
                if len(self._buffer) > _MOST_BYTES:
                    raise ValueError(f"it has more than {_MOST_BYTES} bytes")
            except (ValueError, RecursionError, OSError) as error:
                logger.error("invalid message on the worker/supervisor channel: %s", error)
                return None
        return messages

    def _received(self, flags: int) -> tuple[bytes, Iterable[int]]:
        """Return bytes and descriptors; ``socket.recv_fds`` ignores its flags (Python 3.11) and may block."""
        descriptors = array("i")
        size = descriptors.itemsize
        data, others, _, _ = self._end.recvmsg(_MOST_BYTES, socket.CMSG_LEN(_MOST_DESCRIPTORS * size), flags)
        for level, kind, content in others:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(content[: len(content) // size * size])
        return data, descriptors

    def _read(self, line: bytes) -> dict[str, Any]:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError(f"got {line!r:.80}, expected a JSON object")
        if "attached" in message:
            if not self._descriptors:
                raise ValueError(f"the message {line!r:.80} has no socket, expected one with it")
            message["attached"] = socket.socket(fileno=self._descriptors.popleft())
        return message

    def close(self) -> None:
        """Close the channel."""
        self._end.close()
