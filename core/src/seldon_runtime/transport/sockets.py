"""Listening sockets: creating, sharing, and closing them without losing a client."""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
import sys
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from seldon_runtime.errors import StartupError
from seldon_runtime.transport.addresses import url_host
from seldon_runtime.transport.forks import withhold_port

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
"""The number of clients that may wait to be accepted; the system may allow fewer."""


class Reservation(NamedTuple):
    """A port for a server that can only bind by itself."""

    port: int
    shared: bool
    """True to bind with SO_REUSEPORT, because other workers bind the port too, now or after a reload."""
    outlived: bool = False
    """True if other workers serve at the port and continue when this process stops. The server must then make
    clients reconnect periodically, and when it stops."""


class Sockets(ABC):
    """The listening sockets of a process, which its transports share with other workers.

    The runtime passes it to the hook ``seldon_transport``. Methods are for the main thread, but for
    :meth:`drained`.
    """

    outlived: bool = False
    """True if other processes keep listening on the sockets when this process stops. Set by the runtime."""

    @abstractmethod
    def bind(self, host: str, port: int, setting: str) -> socket.socket:
        """Return a listening TCP socket, bound to ``host`` and ``port`` (0: any free port).

        Close it by :meth:`drained`. All workers share the socket: the worker that accepts a connection serves
        it. They share its mode, too: call ``setblocking(False)`` at once, before any ``dup()``, which would
        make the socket blocking for the others as well. An accept of theirs could then hang.

        Args:
            host: an IPv4 or IPv6 address or a name; ``::`` accepts both families where the system allows it.
            port: 0 to 65535.
            setting: the option to name in the message when the port is unavailable.

        Raises:
            StartupError: the port is in use or may not be bound.
        """

    @abstractmethod
    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """Return a port for a server that can only bind by itself. Prefer :meth:`bind`.

        Args:
            host: as for :meth:`bind`.
            port: as for :meth:`bind`.
            setting: as for :meth:`bind`.

        Returns:
            The port, and how to bind it. When workers share it by SO_REUSEPORT, the system distributes
            connections among them. Other programs cannot bind it.

        Raises:
            StartupError: the port is in use or may not be bound.
        """

    def drained(self, listener: socket.socket) -> list[socket.socket]:
        """Close a listening socket; return its established connections, which closing would reset.

        On Linux, no client can connect between the last accept and the close. Returns no connection of a
        socket on which other workers keep listening, since they accept them. Never blocks; any thread.
        """
        late: list[socket.socket] = []
        with listener:
            if self.outlived:
                return late
            stop_new_connections(listener)
            self._release(listener)
            listener.setblocking(False)
            while True:
                try:
                    late.append(listener.accept()[0])
                except OSError:  # all are accepted
                    return late

    def _release(self, listener: socket.socket) -> None:  # noqa: B027 - most sources have no copies
        """Close other copies of a socket that the caller closes; by default no copies exist."""


class OwnSockets(Sockets):
    """Sockets of this process alone, such as for a transport in a test."""

    def bind(self, host: str, port: int, setting: str) -> socket.socket:
        """Return a listening socket; raise StartupError if the port is unavailable."""
        return open_listener(host, port, setting)

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """Return the port unchanged: the server that binds it detects a conflict."""
        return Reservation(port, shared=False)


class SharedSockets:
    """A supervisor's sockets, shared by its workers.

    The address, the setting and an ordinal identify a socket, so that every worker receives the same socket
    for its n-th request, even for port 0.
    """

    def __init__(self) -> None:
        self._listeners: dict[tuple[object, ...], socket.socket] = {}
        self._guards: dict[tuple[object, ...], socket.socket] = {}

    def listen(self, host: str, port: int, setting: str, ordinal: int) -> socket.socket:
        """Return the listening socket, for the caller to duplicate; raise StartupError if unavailable."""
        key = (host, port, setting, ordinal)
        if key not in self._listeners:
            self._listeners[key] = open_listener(host, port, setting)
        return self._listeners[key]

    def reserve(self, host: str, port: int, setting: str, ordinal: int) -> int:
        """Return a port that only this user can bind, with SO_REUSEPORT; raise StartupError if taken."""
        key = (host, port, setting, ordinal)
        if key not in self._guards:
            self._guards[key] = _guard(host, port, setting)
        number: int = self._guards[key].getsockname()[1]
        return number

    def release(self, listener: socket.socket) -> None:
        """Close the shared copy of a listening socket."""
        for shared in self._listeners.values():
            if shared.fileno() >= 0 and shared.getsockname() == listener.getsockname():
                shared.close()

    def stop_new_connections(self) -> None:
        """Refuse new connections; established ones can still be accepted."""
        for listener in self._listeners.values():
            stop_new_connections(listener)

    def close(self) -> None:
        """Close all sockets."""
        for shared in (*self._listeners.values(), *self._guards.values()):
            shared.close()
        self._listeners.clear()
        self._guards.clear()


class TransferableSockets(Sockets):
    """Sockets of a single serving process, which a supervisor can take over.

    Args:
        shared: the sockets for the supervisor.
    """

    def __init__(self, shared: SharedSockets) -> None:
        self._shared = shared
        self._ordinals = RequestOrdinals()

    def bind(self, host: str, port: int, setting: str) -> socket.socket:
        """Return a listening socket; raise StartupError if the port is unavailable."""
        ordinal = self._ordinals.next("listen", host, port, setting)
        return self._shared.listen(host, port, setting, ordinal).dup()

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """Return a port to bind with SO_REUSEPORT; raise StartupError if the port is unavailable."""
        ordinal = self._ordinals.next("reserve", host, port, setting)
        return Reservation(self._shared.reserve(host, port, setting, ordinal), shared=True)

    def _release(self, listener: socket.socket) -> None:
        """Close the shared copy too."""
        self._shared.release(listener)


class RequestOrdinals:
    """The ordinals of equal requests for sockets: 0 for the first."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int, str]] = Counter()

    def next(self, kind: str, host: str, port: int, setting: str) -> int:
        """Return the number of earlier requests with these arguments."""
        request = (kind, host, port, setting)
        self._counts[request] += 1
        return self._counts[request] - 1


def open_listener(host: str, port: int, setting: str) -> socket.socket:
    """Return a new listening TCP socket; raise StartupError if the port is unavailable."""
    listener = socket.socket(family_of(host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # only listening detects another listener on the port
    except (OSError, OverflowError) as error:
        listener.close()
        raise unavailable(host, port, setting, error) from None
    withhold_port(listener.getsockname()[1])
    return listener


def family_of(host: str) -> socket.AddressFamily:
    """Return the address family of a host."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _guard(host: str, port: int, setting: str) -> socket.socket:
    """Return a bound socket that does not listen, and so reserves its port.

    Its options change after binding: before, it must not share the port of another program; afterwards it
    must share the port with workers, and only with them.
    """
    guard = socket.socket(family_of(host), socket.SOCK_STREAM)
    try:
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections may linger
        guard.bind((host, port))
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except (OSError, OverflowError) as error:
        guard.close()
        raise unavailable(host, port, setting, error) from None
    withhold_port(guard.getsockname()[1])
    return guard


def unavailable(host: str, port: int, setting: str, error: Exception) -> StartupError:
    """Return the error for a port that cannot be bound."""
    remedy = f"is another program using the port? Choose another one with {setting}"
    is_foreign = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
    if is_foreign or isinstance(error, socket.gaierror):
        remedy = "the host is not an address of this machine. Set it with --host (SELDON_HOST)"
    elif isinstance(error, PermissionError):
        remedy = f"a port below 1024 needs privileges. Choose another one with {setting}"
    return StartupError(f"cannot listen on {url_host(host)}:{port} ({error}): {remedy}")


def stop_new_connections(listener: socket.socket) -> None:
    """Let the system drop new connections of a listening socket, while begun ones complete. Linux only.

    Clients that connect then receive no response, and retry about a second later.
    """
    if sys.platform != "linux":
        return
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _NO_NEW_CONNECTION)
    program = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("HP", len(_NO_NEW_CONNECTION), ctypes.addressof(program))
    with suppress(OSError):  # without filters, clients may connect in the short gap before the close
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
