"""Listening sockets: who makes them, who shares them, and how they are closed without losing a client."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from seldon_runtime.errors import StartupError

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
# Classic BPF, on the TCP header: drop a packet that has SYN but not ACK among its flags.
_NO_NEW_CONNECTION = (
    (0x30, 0, 0, 13),  # load the flags
    (0x54, 0, 0, 0x12),  # and SYN | ACK
    (0x15, 0, 1, 0x02),  # unless equal to SYN, skip one
    (0x06, 0, 0, 0),  # return nothing
    (0x06, 0, 0, 0xFFFFFFFF),  # return all
)

_BACKLOG = 2048
"""How many clients may wait to be accepted; the system may allow fewer."""


class Reservation(NamedTuple):
    """A port for a server that has to bind by itself."""

    port: int
    shared: bool
    """Whether to bind with SO_REUSEPORT: other workers bind it too, now or after a reload."""
    outlived: bool = False
    """Whether other workers serve at it from the start, and go on when this process stops: clients that keep
    their connections have to be told to connect anew, then and from time to time."""


class Source(Protocol):
    """Where a process has its listening sockets from."""

    outlived: bool
    """Whether others go on listening on them when this process stops."""

    def listen(self, host: str, port: int, setting: str) -> socket.socket:
        """A listening socket of the caller's own."""

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """A port that the caller may bind."""

    def let_go(self, listener: socket.socket) -> None:
        """The caller closes it now; nobody is to listen on it any more."""


class Own:
    """Sockets of this process alone; nothing of them is kept."""

    outlived = False

    def listen(self, host: str, port: int, setting: str) -> socket.socket:
        """Raises StartupError when the port cannot be had."""
        return listening(host, port, setting)

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """The server that binds will tell whether it can."""
        return Reservation(port, shared=False)

    def let_go(self, listener: socket.socket) -> None:
        """Nothing is kept."""


class Kept:
    """Sockets that outlive the process that serves them: a supervisor's.

    They are known by their place: ``key`` says whose n-th socket of which setting it is, so that every worker
    gets the same one, also where the port is 0.
    """

    def __init__(self) -> None:
        self._listeners: dict[tuple[object, ...], socket.socket] = {}
        self._guards: dict[tuple[object, ...], socket.socket] = {}

    def listen(self, host: str, port: int, setting: str, place: int) -> socket.socket:
        """The listening socket itself: the caller duplicates it. Raises StartupError."""
        key = (host, port, setting, place)
        if key not in self._listeners:
            self._listeners[key] = listening(host, port, setting)
        return self._listeners[key]

    def reserve(self, host: str, port: int, setting: str, place: int) -> int:
        """A port that nobody can bind but processes of this user with SO_REUSEPORT. Raises StartupError."""
        key = (host, port, setting, place)
        if key not in self._guards:
            self._guards[key] = _guard(host, port, setting)
        number: int = self._guards[key].getsockname()[1]
        return number

    def let_go(self, listener: socket.socket) -> None:
        """Close what is kept of the same socket."""
        for kept in self._listeners.values():
            if kept.fileno() >= 0 and kept.getsockname() == listener.getsockname():
                kept.close()

    def bar(self) -> None:
        """Make no more connections; those that were made can still be accepted."""
        for listener in self._listeners.values():
            bar(listener)

    def close(self) -> None:
        """Give all up."""
        for kept in (*self._listeners.values(), *self._guards.values()):
            kept.close()
        self._listeners.clear()
        self._guards.clear()


class Foreground:
    """Sockets of the one process that serves, kept so that a supervisor can take them over.

    Args:
        kept: where they are kept.
    """

    def __init__(self, kept: Kept) -> None:
        self.outlived = False
        self._kept = kept
        self._places = Places()

    def listen(self, host: str, port: int, setting: str) -> socket.socket:
        """Raises StartupError when the port cannot be had."""
        place = self._places.next("listen", host, port, setting)
        return self._kept.listen(host, port, setting, place).dup()

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """Raises StartupError when the port cannot be had."""
        place = self._places.next("reserve", host, port, setting)
        return Reservation(self._kept.reserve(host, port, setting, place), shared=True)

    def let_go(self, listener: socket.socket) -> None:
        """The kept one is closed too."""
        self._kept.let_go(listener)


class Places:
    """Counts how often each request has been made."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int, str]] = Counter()

    def next(self, kind: str, host: str, port: int, setting: str) -> int:
        """How often it had been made before."""
        request = (kind, host, port, setting)
        self._counts[request] += 1
        return self._counts[request] - 1


source: Source = Own()
"""Of this process."""


@contextmanager
def use(new: Source) -> Iterator[None]:
    """Let :func:`seldon_runtime.transport.bind` and ``reserve`` ask ``new`` within the block."""
    global source
    before, source = source, new
    try:
        yield
    finally:
        source = before


def listening(host: str, port: int, setting: str) -> socket.socket:
    """A new listening TCP socket. Raises StartupError when the port cannot be had."""
    listener = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # another listener on the port is only found by listening
    except (OSError, OverflowError) as error:
        listener.close()
        raise _unavailable(host, port, setting, error) from None
    return listener


def drained(listener: socket.socket) -> list[socket.socket]:
    """The connections that the system has made already, which closing would reset; then it is closed.

    No connection is begun between the last accept and the close (:func:`bar`), where the system allows that.
    A socket on which other workers go on listening is only let go: they take what comes. Never blocks.
    """
    late: list[socket.socket] = []
    with listener:
        if source.outlived:
            return late
        bar(listener)
        source.let_go(listener)
        listener.setblocking(False)
        while True:
            try:
                late.append(listener.accept()[0])
            except OSError:  # none is left
                return late


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _guard(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket that does not listen. Its options change once it is bound: until then it must not get a
    port that any other program has; from then on it must let workers, and nobody else, have it."""
    guard = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an earlier run's connections may linger
        guard.bind((host, port))
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except (OSError, OverflowError) as error:
        guard.close()
        raise _unavailable(host, port, setting, error) from None
    return guard


def _unavailable(host: str, port: int, setting: str, error: Exception) -> StartupError:
    return StartupError(
        f"cannot listen on {host}:{port} ({error}): is another program using the port? "
        f"Choose another one with {setting}"
    )


def bar(listener: socket.socket) -> None:
    """Let the system begin no more connections through it, while those begun are made. Clients that come then
    are not answered, and ask again about a second later. It has no effect but on Linux."""
    if sys.platform != "linux":
        return
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _NO_NEW_CONNECTION)
    program = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("HP", len(_NO_NEW_CONNECTION), ctypes.addressof(program))
    with suppress(OSError):  # where filters are forbidden, only the gap is longer
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
