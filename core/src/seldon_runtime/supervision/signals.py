"""Signals that wake a waiting main thread, and that children forked by user code do not share."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import Any, Protocol, TypeVar

Handler = Callable[[], None]


class Waitable(Protocol):
    """An object that ``select`` can wait for."""

    def fileno(self) -> int:
        """Return the descriptor to wait for."""


W = TypeVar("W", bound=Waitable)


@dataclass(frozen=True, slots=True)
class _Active:
    """The handled signals of a block, and the sockets that they ring."""

    end: socket.socket
    bell: socket.socket
    handle: Callable[[int, FrameType | None], None]
    old_handlers: dict[signal.Signals, Any]

    def restore(self) -> None:
        """Restore the handlers from before the block, but not over handlers that were set within it."""
        for number, handler in self.old_handlers.items():
            if signal.getsignal(number) is self.handle:
                signal.signal(number, handler)

    def close(self) -> None:
        """Close the sockets."""
        self.end.close()
        self.bell.close()


_active: list[_Active] = []
"""The active blocks; signals wake the latest."""
_forking = threading.local()


class Alarm:
    """A wake-up for a waiting thread, from any thread and from signal handlers.

    Args:
        end: the readable end of a pair.
        bell: its other end; Python writes the number of each signal that it handles there.
        handlers: run on the waiting thread for these signals.
    """

    def __init__(
        self, end: socket.socket, bell: socket.socket, handlers: Mapping[signal.Signals, Handler]
    ) -> None:
        self._end = end
        self._bell = bell
        self._handlers = {int(number): handler for number, handler in handlers.items()}

    def ring(self) -> None:
        """Wake the waiting thread. Never blocks; thread-safe."""
        with suppress(OSError):  # a wake-up is pending already, or this is a forked child
            self._bell.send(b"\0")

    def wait(self, others: Sequence[W] = (), timeout_s: float | None = None) -> list[W]:
        """Wait for a wake-up, a readable object or the timeout; return the readable objects."""
        descriptors = [self._end.fileno(), *(other.fileno() for other in others)]
        readable, _, _ = select.select(descriptors, [], [], timeout_s)
        if self._end.fileno() in readable:
            for number in self._end.recv(4096):
                if (handler := self._handlers.get(number)) is not None:
                    handler()
        return [other for other in others if other.fileno() in readable]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Wait on a thread of its own until the block ends, so that handlers run meanwhile."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.is_set():
                self.wait()

        thread = threading.Thread(target=watch, name="signals", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            self.ring()
            thread.join()


@contextmanager
def handled(handlers: Mapping[signal.Signals, Handler], *, by_waiting: bool = False) -> Iterator[Alarm]:
    """Handle these signals until the block ends. Must be called on the main thread, which runs the handlers.

    With ``by_waiting`` :meth:`Alarm.wait` runs them instead, on the thread that waits: they run while user
    code keeps the main thread, and even if user code has set a handler of its own for such a signal.

    The system may deliver a signal to any thread, but Python runs handlers on the main thread only, so a
    signal must wake that thread. Handlers that are set within the block stay when it ends.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if not by_waiting:
            handlers[signal.Signals(number)]()

    _register()
    end, bell = socket.socketpair()
    bell.setblocking(False)
    active = _Active(end, bell, handle, {})
    _active.append(active)
    _wire()
    active.old_handlers.update({number: signal.signal(number, handle) for number in handlers})
    try:
        yield Alarm(end, bell, handlers if by_waiting else {})
    finally:
        if active in _active:  # else this is a forked child, which has restored its signals already
            active.restore()
            _active.remove(active)
            _wire()
            active.close()


def _wire() -> None:
    signal.set_wakeup_fd(_active[-1].bell.fileno() if _active else -1, warn_on_full_buffer=False)


@cache  # once for the process
def _register() -> None:
    if sys.platform != "win32":
        os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_restore_in_child)


def _block() -> None:
    """Block the handled signals: a signal to a child that still has its parent's handlers would be lost."""
    handled_signals = {number for active in _active for number in active.old_handlers}
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, handled_signals)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _restore_in_child() -> None:
    """Restore the handlers from before in a forked child, and close the descriptors that wake its parent."""
    bells = [active.bell.fileno() for active in _active]
    descriptor = signal.set_wakeup_fd(-1)
    if descriptor >= 0 and descriptor not in bells:  # user code has set its own
        signal.set_wakeup_fd(descriptor)
    for active in reversed(_active):
        active.restore()
        active.close()
    _active.clear()
    _unblock()
