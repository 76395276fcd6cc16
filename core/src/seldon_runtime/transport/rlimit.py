"""The limit of open files, and so of connections, of this process."""

from __future__ import annotations

import sys

_ENOUGH = 65_536
_RESERVED = 128
"""The files besides connections of clients: libraries, event loops, logs, stores, and files of user code."""


def connection_budget(share: float) -> int:
    """Return how many connections a transport may have by default: its share of the allowed open files.

    The limit of open files counts for the whole process, so 128 files, or half of a lower limit, stay free
    for others. Raises the limit like :func:`allow_open_files`.

    Args:
        share: the transport's part, between 0 and 1. REST takes three quarters, gRPC a fifth.
    """
    files = allow_open_files()
    return max(1, int((files - min(_RESERVED, files // 2)) * share))


def allow_open_files() -> int:
    """Raise the soft limit of open files to the hard limit, at most 65536, and return it.

    Each connection is an open file, and many systems allow 1024 unless a program raises its limit. For the
    constructors of transports. Returns 65536 on a system without a limit.
    """
    if sys.platform == "win32":
        return _ENOUGH
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _ENOUGH if soft == resource.RLIM_INFINITY else soft
