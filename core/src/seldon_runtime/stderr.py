"""Standard error as a place for whole lines that never keeps a caller waiting for long."""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress

_PATIENCE_S = 1.0
"""How long a line may wait for a reader that has fallen behind. One that has not moved for so long is taken
for stuck: no further line waits until it has read again."""


class LineWriter:
    """Writes to a file descriptor that may be full, closed at its other end, or never read.

    Lines stay whole: what did not fit of one is written before the next. Not thread-safe.

    Args:
        fd: opened for writing; it is not closed here.
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
        """Write whole lines. Blocks for a second at most, and not again before the reader has moved.

        Returns:
            False when nothing of them could be written: they are lost.
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
        """Close what was opened here."""
        if self._reopened is not None:
            os.close(self._reopened)
            self._reopened = None

    def _push(self, data: bytes) -> bytes:
        """What could not be written of it."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._send(left) :]
                self._patience_s = _PATIENCE_S
            except BlockingIOError:
                if not self._poll.poll(self._patience_s * 1000):
                    self._patience_s = 0.0
                    return bytes(left)
            except OSError:  # a full disk, a reader that has ended: there is nowhere to say so
                return bytes(left)
        return b""

    def _send(self, data: memoryview) -> int:
        if self._reopened is not None:
            return os.write(self._reopened, data)
        if self._most_bytes is not None and not self._poll.poll(0):
            raise BlockingIOError
        return os.write(self._fd, data[: self._most_bytes])


def _reopen(pipe: int) -> int | None:
    """The pipe, opened once more for this process alone and without blocking; the original is shared with
    others, who may not expect that. None without /proc, or the right to do so: asking first is left then."""
    try:
        return os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def ensure_standard_streams() -> None:
    """Open /dev/null where a standard stream is closed, before a connection gets its number and,
    with it, whatever a library prints."""
    for fd in (0, 1, 2):
        with suppress(OSError):
            os.fstat(fd)
            continue
        os.open(os.devnull, os.O_RDWR)
