"""Whole lines to standard error, with a bounded wait.

The thread that logs a line writes it. A queue with a writing thread (``logging.handlers.QueueListener``)
would lose the last lines before a crash and those of forked processes.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress

_PATIENCE_S = 1.0
"""Longest wait for a slow reader. A reader that reads nothing for this time counts as stuck: no further line
waits until it has read again."""


class LineWriter:
    """A writer of lines to a file descriptor that may be full, closed at its other end, or never read.

    Lines stay whole: the rest of a line is written before the next line. Not thread-safe.

    Args:
        fd: descriptor opened for writing; the writer does not close it.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        mode = os.fstat(fd).st_mode
        self._most_bytes = None if stat.S_ISREG(mode) else select.PIPE_BUF
        self._reopened = _reopen(fd) if stat.S_ISFIFO(mode) else None
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._patience_s = _PATIENCE_S
        self._rest = b""

    def write(self, lines: bytes) -> bool:
        """Write whole lines. Blocks for a second at most, and not again before the reader has read.

        Returns:
            False if the lines are lost, since nothing of them could be written.
        """
        self._rest = self._push(self._rest)
        if self._rest:
            return False
        rest = self._push(lines)
        if len(rest) == len(lines):
            return False
        self._rest = rest
        return True

    def close(self) -> None:
        """Close the descriptor that the writer has opened."""
        if self._reopened is not None:
            os.close(self._reopened)
            self._reopened = None

    def _push(self, data: bytes) -> bytes:
        """Write, and return the rest that could not be written."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._send(left) :]
                self._patience_s = _PATIENCE_S
            except BlockingIOError:
                if not self._poll.poll(self._patience_s * 1000):
                    self._patience_s = 0.0
                    return bytes(left)
            except OSError:  # a full disk or a reader that has ended: there is nowhere to report it
                return bytes(left)
        return b""

    def _send(self, data: memoryview) -> int:
        if self._reopened is not None:
            return os.write(self._reopened, data)
        if self._most_bytes is not None and not self._poll.poll(0):
            raise BlockingIOError
        return os.write(self._fd, data[: self._most_bytes])


def _reopen(pipe: int) -> int | None:
    """Open the pipe again without blocking, for this process alone; other processes share the original.

    Returns:
        The descriptor; None without /proc or the permission, where the writer polls before each write.
    """
    try:
        return os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def ensure_standard_streams() -> None:
    """Open /dev/null in place of each closed standard stream.

    Otherwise a connection would get its number, and with it the output of libraries.
    """
    for fd in (0, 1, 2):
        with suppress(OSError):
            os.fstat(fd)
            continue
        os.open(os.devnull, os.O_RDWR)
