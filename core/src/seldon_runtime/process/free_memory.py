"""The memory that a process may still take: its control group's limit, its own, or that of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_UNKNOWN_BYTES = 2 * 1024 * 1024 * 1024
"""Assumed where the system does not say how much memory it has."""


def free_bytes(workers: int = 1) -> int:
    """Return the bytes that this process may still take, when ``workers`` processes share the limit evenly.

    With several workers, their supervisor, this process's parent, takes its memory first.

    The limits are those of the control group and the groups around it (``memory.max``, or
    ``memory.limit_in_bytes`` in version 1), the machine's memory, and ``ulimit -v`` of the process itself.
    """
    used = _statm("self")
    of_supervisor = _statm(str(os.getppid())).resident if workers > 1 else 0
    free = (min(_shared_limits(), default=_UNKNOWN_BYTES) - of_supervisor) // workers - used.resident
    address_space = _address_space_limit()
    if address_space is not None:
        free = min(free, address_space - used.virtual)
    return max(0, free)


class _Used:
    def __init__(self, virtual: int, resident: int) -> None:
        self.virtual = virtual
        self.resident = resident


def _statm(process: str) -> _Used:
    """Return the memory that a process takes, from proc(5); zeros on a system without it."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()
    except OSError:
        return _Used(0, 0)
    return _Used(int(pages[0]) * _PAGE_BYTES, int(pages[1]) * _PAGE_BYTES)


def _shared_limits() -> Iterator[int]:
    with suppress(AttributeError, ValueError, OSError):  # not every system says it
        yield os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES
    yield from group_limits(_groups(), _ROOT)


def _groups() -> str:
    try:
        return Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""


def group_limits(groups: str, root: Path) -> Iterator[int]:
    """Yield the memory limits of the control groups of a process.

    Args:
        groups: the text of ``/proc/self/cgroup`` (cgroups(7)).
        root: the folder in which the groups are mounted.
    """
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            folder, name = root, "memory.max"
        elif "memory" in controllers.split(","):
            folder, name = root / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = folder / path.lstrip("/")
        for place in (group, *group.parents):  # in a container the path may be one of the host's
            if not place.is_relative_to(folder):
                break
            limit = _limit(place / name)
            if limit is not None:
                yield limit


def _limit(file: Path) -> int | None:
    """Return the limit in a file; None without one, or when it is ``max``."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _address_space_limit() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft
