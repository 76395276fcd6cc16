"""Which of the files in the workers' folder are whose.

prometheus-client names a worker's files by process id, so that each restart leaves some behind for ever.
Here a worker takes the lowest free *slot* instead, holds it by a file lock, and goes on counting in the
files of the slot's last holder. The lock ends with the process, however that ends: counters never go
backwards, files do not become more with every restart, and nobody has to clean up.
"""

from __future__ import annotations

import fcntl
from itertools import count
from pathlib import Path
from typing import IO

from prometheus_client.multiprocess import mark_process_dead

_held: dict[str, IO[bytes]] = {}
"""Lock files of this process, open for good: opening and closing one a second time would give up its lock."""


def take_slot(folder: Path) -> str:
    """The name of the lowest free slot, taken for as long as this process lives.

    Raises:
        OSError: the folder cannot be written or locked.
    """
    number = next(number for number in count() if _lock(folder / f"slot-{number}.lock"))
    name = f"slot{number}"
    mark_process_dead(name, str(folder))  # type: ignore[no-untyped-call]
    return name


def forget_dead(folder: Path) -> None:
    """Remove the gauges of workers that have ended."""
    for path in folder.glob("slot-*.lock"):
        if _lock(path):
            mark_process_dead(path.stem.replace("-", ""), str(folder))  # type: ignore[no-untyped-call]
            _held.pop(str(path.resolve())).close()


def _lock(path: Path) -> bool:
    """Whether this process holds the file from now on, and no process did before.

    A POSIX record lock: unlike ``flock``'s it is not passed on to what user code forks.
    """
    name = str(path.resolve())
    if name in _held:
        return False
    file = path.open("ab")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    except OSError:
        file.close()
        raise
    _held[name] = file
    return True
