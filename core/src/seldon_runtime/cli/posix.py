"""The systems that ``seldon-run`` works on."""

from __future__ import annotations

import os
import platform
import signal
import socket

from seldon_runtime.errors import StartupError

_NEEDS = {"signal": ("SIGHUP", "SIGUSR1", "SIGCHLD"), "os": ("fork", "killpg"), "socket": ("AF_UNIX",)}
_MODULES = {"signal": signal, "os": os, "socket": socket}


def require_posix() -> None:
    """Raise StartupError on a system without POSIX signals and sockets, such as Windows."""
    missing = [
        f"{module}.{name}"
        for module, names in _NEEDS.items()
        for name in names
        if not hasattr(_MODULES[module], name)
    ]
    try:
        import fcntl  # noqa: F401
    except ImportError:
        missing.append("fcntl")
    if missing:
        raise StartupError(
            f"seldon-run works on Linux and macOS, and this system is {platform.system() or 'another one'}: "
            f"its Python lacks {', '.join(missing)}. On Windows, use WSL 2 or a container"
        )
