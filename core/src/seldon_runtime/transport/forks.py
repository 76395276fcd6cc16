"""Forks by user code: a child must not keep this process's ports, connections and channels.

Otherwise a client would never see its connection close while a child lives, and the port could not be bound
again. The sockets are found by their port, because servers in native code give no access to them.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit
from weakref import WeakSet

_FOLDERS = ("/proc/self/fd", "/dev/fd")
_ports: set[int] = set()
_sockets: WeakSet[socket.socket] = WeakSet()


def withhold(kept: socket.socket) -> None:
    """Keep a socket from children that user code forks."""
    _register()
    _sockets.add(kept)


def withhold_port(port: int) -> None:
    """Keep from forked children all TCP sockets on this port: listeners, and connections of clients."""
    _register()
    _ports.add(port)


def withhold_address(address: str) -> None:
    """Keep from forked children all TCP sockets on the port of a transport's address, if it has one."""
    with suppress(ValueError):
        port = urlsplit(address).port
        if port:
            withhold_port(port)


@cache  # once for the process
def _register() -> None:
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=_leave_in_parent)


def _leave_in_parent() -> None:
    """Close the withheld sockets, and open the null device in their places. Runs in a forked child.

    The numbers stay taken: objects of the parent that end in the child close them again.
    """
    numbers = {kept.fileno() for kept in _sockets if kept.fileno() >= 0}
    numbers.update(_on_ports())
    _sockets.clear()
    if not numbers:
        return
    try:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # the process may open no further file, and one of the withheld sockets makes room
        os.close(numbers.pop())
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in numbers:
        os.dup2(null, number, inheritable=False)
    os.close(null)


def _on_ports() -> Iterator[int]:
    if not _ports:
        return
    for number in _descriptors():
        try:
            candidate = socket.socket(fileno=number)
        except OSError:  # no socket, or closed meanwhile
            continue
        try:
            is_tcp = candidate.family in (socket.AF_INET, socket.AF_INET6)
            if is_tcp and candidate.type == socket.SOCK_STREAM and candidate.getsockname()[1] in _ports:
                yield number
        except OSError:
            continue
        finally:
            candidate.detach()


def _descriptors() -> list[int]:
    for folder in _FOLDERS:
        with suppress(OSError):
            return [int(name) for name in os.listdir(folder)]
    return list(range(3, int(os.sysconf("SC_OPEN_MAX"))))
