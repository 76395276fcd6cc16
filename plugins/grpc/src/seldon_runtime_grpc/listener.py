"""The listening sockets of a grpc server, which it does not show."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress

_DESCRIPTORS = "/proc/self/fd"


def listeners(port: int) -> list[socket.socket]:
    """Duplicates of the sockets on which this process listens to ``port``; none where they cannot be found.

    Shutting one down takes it out of the group of sockets that the system deals connections out to, while
    the server serves its connections on.
    """
    if not os.path.isdir(_DESCRIPTORS):
        return []
    found: dict[int, socket.socket] = {}
    for name in os.listdir(_DESCRIPTORS):
        with suppress(OSError):  # closed meanwhile
            status = os.stat(f"{_DESCRIPTORS}/{name}")
            if stat.S_ISSOCK(status.st_mode) and status.st_ino not in found:
                candidate = socket.socket(fileno=os.dup(int(name)))
                if _listens(candidate, port):
                    found[status.st_ino] = candidate
                else:
                    candidate.close()
    return list(found.values())


def _listens(candidate: socket.socket, port: int) -> bool:
    is_tcp = candidate.family in (socket.AF_INET, socket.AF_INET6) and candidate.type == socket.SOCK_STREAM
    listens = is_tcp and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(listens and candidate.getsockname()[1] == port)
