"""The sockets of a gRPC server, found through Linux: grpcio does not give access to them.

Other systems show no sockets either; there, the functions find none.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_DESCRIPTORS = "/proc/self/fd"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = 10  # linux/tcp_states.h
_SYN_RECEIVED = "03"
_STATE_AND_BACKLOG = struct.Struct("=B23xI")
"""Two fields of tcp_info (linux/tcp.h): tcpi_state, and tcpi_unacked, the backlog of a listening socket."""

_SEGMENTS_SENT = struct.Struct("=156xI")
"""A field of tcp_info, since Linux 4.6: tcpi_data_segs_out."""

_LAST_DATA_RECEIVED = struct.Struct("=52xI")
"""A field of tcp_info: tcpi_last_data_recv, in milliseconds."""


def are_visible() -> bool:
    """Return whether the system shows the sockets of a process."""
    return os.path.isdir(_DESCRIPTORS)


def listeners(port: int) -> list[socket.socket]:
    """Return duplicates of the sockets on which this process listens to ``port``.

    Shutting one down takes it out of the group of sockets among which the system distributes connections; the
    server goes on serving its open connections.
    """
    found: list[socket.socket] = []
    for candidate in _at(port):
        if candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.append(candidate)
        else:
            candidate.close()
    return found


def has_clients(port: int) -> bool:
    """Return whether a connection to ``port`` of this process is open."""
    for connection in _connected(port):
        connection.close()
        return True
    return False


def connections(port: int) -> list[socket.socket]:
    """Return duplicates of this process's connections to ``port``. Closing a duplicate ends no connection."""
    return list(_connected(port))


def segments_sent(connection: socket.socket) -> int | None:
    """Return how many segments a connection has sent; None if it is closed, or Linux does not count them."""
    try:
        connection.getpeername()
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENTS_SENT.size)
        sent: int = _SEGMENTS_SENT.unpack(info)[0]
    except (OSError, struct.error):
        return None
    return sent


def idle_s(connection: socket.socket) -> float | None:
    """Return the seconds since a connection received data; None if it is closed, or Linux does not say."""
    try:
        connection.getpeername()
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED.size)
        milliseconds: int = _LAST_DATA_RECEIVED.unpack(info)[0]
    except (OSError, struct.error):
        return None
    return milliseconds / 1000


def peer_port(connection: socket.socket) -> int | None:
    """Return the client's port; None if the connection is closed."""
    try:
        port: int = connection.getpeername()[1]
    except OSError:
        return None
    return port


def shut_down(connection: socket.socket) -> None:
    """End a connection, of which the caller has a duplicate."""
    with suppress(OSError):  # its client was faster
        connection.shutdown(socket.SHUT_RDWR)


def handshakes(port: int) -> frozenset[str]:
    """Return the clients whose TCP handshake with ``port`` has begun and not ended, for any process."""
    found = set()
    for table in _TABLES:
        with suppress(OSError):  # the system lacks this family
            for line in Path(table).read_text().splitlines()[1:]:
                _, local, remote, state, *_ = line.split()
                if state == _SYN_RECEIVED and int(local.rpartition(":")[2], 16) == port:
                    found.add(remote)
    return frozenset(found)


def backlog(listener: socket.socket) -> int:
    """Return how many connections wait for the server to accept them."""
    if not hasattr(socket, "TCP_INFO"):
        return 0
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _STATE_AND_BACKLOG.size)
    state, waiting = _STATE_AND_BACKLOG.unpack(info)
    return int(waiting) if state == _LISTEN else 0


def _connected(port: int) -> Iterator[socket.socket]:
    """Yield the sockets of :func:`_at` that are connected to a client."""
    for candidate in _at(port):
        try:
            candidate.getpeername()
        except OSError:  # without a peer
            candidate.close()
        else:
            yield candidate


def _at(port: int) -> Iterator[socket.socket]:
    """Yield a duplicate of each TCP socket of this process on this port; the caller closes the duplicates."""
    seen: set[int] = set()
    for name in _descriptors():
        with suppress(OSError):  # closed meanwhile
            status = os.stat(f"{_DESCRIPTORS}/{name}")
            if not stat.S_ISSOCK(status.st_mode) or status.st_ino in seen:
                continue
            candidate = socket.socket(fileno=os.dup(int(name)))
            if _is_tcp(candidate) and candidate.getsockname()[1] == port:
                seen.add(status.st_ino)
                yield candidate
            else:
                candidate.close()


def _descriptors() -> list[str]:
    try:
        return os.listdir(_DESCRIPTORS)
    except OSError:  # not visible, or the process may open no further file: it has to end all the same
        return []


def _is_tcp(candidate: socket.socket) -> bool:
    return candidate.family in (socket.AF_INET, socket.AF_INET6) and candidate.type == socket.SOCK_STREAM
