"""How many files, and so connections, this process may have open."""

from __future__ import annotations

import sys

_ENOUGH = 65_536


def allow_open_files() -> int:
    """Raise the soft limit of open files to the hard one, 65536 at most; gives what is allowed then.

    Each connection is an open file, and many systems allow 1024 unless a program asks for more. For
    transports, when they are made. Where the system has no such limit, 65536 is given.
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
