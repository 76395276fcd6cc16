"""Slots: each worker's claim to a set of files in the shared folder.

prometheus-client names a worker's files by process id, so each restart leaves files behind forever. Here
a worker takes the lowest free *slot*, holds it by a file lock, and continues to count in the files of the
slot's last holder. The lock ends with the process, however the process ends. So counters never go
backwards, restarts add no files, and nothing needs cleaning up.
"""

from __future__ import annotations

import fcntl
import os
from itertools import count
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

_held: dict[str, int] = {}
"""The descriptors of locked files. They stay open: closing one releases the process's lock on its file."""


def take_slot(folder: Path) -> str:
    """Return the name of the lowest free slot, taken until this process ends.

    Raises:
        OSError: the folder cannot be written or locked.
    """
    number = next(number for number in count() if _lock(folder / f"slot-{number}.lock"))
    name = f"slot{number}"
    mark_process_dead(name, str(folder))  # type: ignore[no-untyped-call]
    return name


def remove_dead_gauges(folder: Path) -> None:
    """Remove the live gauges of workers that have ended."""
    for path in folder.glob("slot-*.lock"):
        if _lock(path):
            mark_process_dead(path.stem.replace("-", ""), str(folder))  # type: ignore[no-untyped-call]
            os.close(_held.pop(str(path.resolve())))


def _lock(path: Path) -> bool:
    """Lock the file; return False if this or another process holds it already.

    A POSIX record lock: unlike a ``flock`` lock, a process forked by user code does not inherit it.
    """
    name = str(path.resolve())
    if name in _held:
        return False
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    except OSError:
        os.close(file)
        raise
    _held[name] = file
    return True
