"""Closing the listening sockets of a grpc server that serves on, which grpc itself cannot."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

_DESCRIPTORS = "/proc/self/fd"


def close_listeners(port: int) -> None:
    """Let new connections to ``port`` go to other processes, which listen on it too; open ones stay.

    Linux takes a listening socket that is shut down out of the group that connections are dealt out to.
    Where the sockets of a process cannot be looked through, nothing is done: connections then go on
    coming until the server ends.
    """
    if not os.path.isdir(_DESCRIPTORS):
        return
    for name in os.listdir(_DESCRIPTORS):
        with suppress(OSError):  # closed meanwhile
            if stat.S_ISSOCK(os.stat(f"{_DESCRIPTORS}/{name}").st_mode):
                _close_if_listening(int(name), port)


def _close_if_listening(descriptor: int, port: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as candidate:
        listens = candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if listens and candidate.family != socket.AF_UNIX and candidate.getsockname()[1] == port:
            candidate.shutdown(socket.SHUT_RD)
