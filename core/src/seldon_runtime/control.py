"""What the supervisor and one worker say to each other: JSON lines, with open sockets, over a socket pair."""

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
"""Of what is received at once, and of a message."""
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
        """Messages that came; None when the other side has hung up, or says what is no message, which
        the log tells. ``attached`` becomes a socket.

        Args:
            wait: whether to wait for one.
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
                messages += [self._read(line) for line in lines]
                if len(self._buffer) > _MOST_BYTES:
                    raise ValueError(f"it has more than {_MOST_BYTES} bytes")
            except (ValueError, RecursionError, OSError) as error:
                logger.error("what came between a worker and its supervisor is no message: %s", error)
                return None
        return messages

    def _received(self, flags: int) -> tuple[bytes, Iterable[int]]:
        """Bytes and descriptors. ``socket.recv_fds`` leaves its flags out (Python 3.11), and would wait."""
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
            raise ValueError(f"{line!r:.80} is no object")
        if "attached" in message:
            if not self._descriptors:
                raise ValueError(f"no socket came with {line!r:.80}")
            message["attached"] = socket.socket(fileno=self._descriptors.popleft())
        return message

    def close(self) -> None:
        """Hang up."""
        self._end.close()
