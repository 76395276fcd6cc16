"""Signals that wake a waiting main thread."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol, TypeVar

Handler = Callable[[], None]

_bells: list[socket.socket] = []
"""Of those who handle signals; the latest is rung."""


class Waitable(Protocol):
    """What ``select`` can wait for."""

    def fileno(self) -> int:
        """Its descriptor."""


W = TypeVar("W", bound=Waitable)


class Alarm:
    """Wakes the thread that waits, from any thread and from signal handlers."""

    def __init__(self, end: socket.socket, bell: socket.socket) -> None:
        self._end = end
        self._bell = bell

    def ring(self) -> None:
        """Wake the waiting thread. Never blocks; thread-safe."""
        with suppress(BlockingIOError):  # it is ringing already
            self._bell.send(b"\0")

    def wait(self, others: Sequence[W] = (), timeout_s: float | None = None) -> list[W]:
        """Until it rings, one of ``others`` can be read, or the time is over; gives those that can be."""
        descriptors = [self._end.fileno(), *(other.fileno() for other in others)]
        readable, _, _ = select.select(descriptors, [], [], timeout_s)
        if self._end.fileno() in readable:
            self._end.recv(4096)
        return [other for other in others if other.fileno() in readable]


@contextmanager
def handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[Alarm]:
    """Handle these signals, on the main thread, in which this must be called, until the block ends.

    The system may hand a signal to any thread, and Python runs handlers on the main thread only:
    that one has to be woken from its wait. Who has begun to handle them within the block goes on.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        handlers[signal.Signals(number)]()

    end, bell = socket.socketpair()
    bell.setblocking(False)
    _bells.append(bell)
    _wire()
    old_handlers = {number: signal.signal(number, handle) for number in handlers}
    try:
        yield Alarm(end, bell)
    finally:
        for number, handler in old_handlers.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)
        _bells.remove(bell)
        _wire()
        end.close()
        bell.close()


def _wire() -> None:
    signal.set_wakeup_fd(_bells[-1].fileno() if _bells else -1, warn_on_full_buffer=False)
