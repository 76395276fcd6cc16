"""The sockets of a grpc server, which it does not show. Where the system does not either, there are none."""

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
"""Of tcp_info (linux/tcp.h): tcpi_state, and tcpi_unacked, which is the backlog of a listening socket."""

_SEGMENTS_SENT = struct.Struct("=156xI")
"""Of tcp_info, since Linux 4.6: tcpi_data_segs_out."""


def are_shown() -> bool:
    """Whether the system shows the sockets of a process."""
    return os.path.isdir(_DESCRIPTORS)


def listeners(port: int) -> list[socket.socket]:
    """Duplicates of the sockets on which this process listens to ``port``.

    Shutting one down takes it out of the group of sockets that the system deals connections out to, while
    the server serves its connections on.
    """
    found: list[socket.socket] = []
    for candidate in _at(port):
        if candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.append(candidate)
        else:
            candidate.close()
    return found


def has_clients(port: int) -> bool:
    """Whether a connection to ``port`` of this process is open."""
    for connection in _connected(port):
        connection.close()
        return True
    return False


def connections(port: int) -> list[socket.socket]:
    """Duplicates of the open connections to ``port`` of this process. To close one ends no connection."""
    return list(_connected(port))


def segments_sent(connection: socket.socket) -> int | None:
    """How often something has been sent over it; None when it is over, or the system does not count that."""
    try:
        connection.getpeername()
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENTS_SENT.size)
        sent: int = _SEGMENTS_SENT.unpack(info)[0]
    except (OSError, struct.error):
        return None
    return sent


def begun(port: int) -> frozenset[str]:
    """The clients whose connections to ``port``, of whatever process, the system has begun to make."""
    found = set()
    for table in _TABLES:
        with suppress(OSError):  # not this family
            for line in Path(table).read_text().splitlines()[1:]:
                _, local, remote, state, *_ = line.split()
                if state == _SYN_RECEIVED and int(local.rpartition(":")[2], 16) == port:
                    found.add(remote)
    return frozenset(found)


def waiting(listener: socket.socket) -> int:
    """How many connections the system has made that the server has not accepted yet."""
    if not hasattr(socket, "TCP_INFO"):
        return 0
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _STATE_AND_BACKLOG.size)
    state, backlog = _STATE_AND_BACKLOG.unpack(info)
    return backlog if state == _LISTEN else 0


def _connected(port: int) -> Iterator[socket.socket]:
    """Those of :func:`_at` that have a client."""
    for candidate in _at(port):
        try:
            candidate.getpeername()
        except OSError:  # it has no peer
            candidate.close()
        else:
            yield candidate


def _at(port: int) -> Iterator[socket.socket]:
    """A duplicate of each TCP socket of this process whose own port it is; whoever gets one closes it."""
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
    except OSError:  # they are not shown, or this process may open no file more: it has to end all the same
        return []


def _is_tcp(candidate: socket.socket) -> bool:
    return candidate.family in (socket.AF_INET, socket.AF_INET6) and candidate.type == socket.SOCK_STREAM
