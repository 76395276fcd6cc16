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

_held: set[str] = set()
"""Lock files of this process: closing one of them a second time would give up its lock."""


class Slot:
    """The lowest free slot of a folder, taken for as long as this process lives.

    Args:
        folder: there, and writable.

    Raises:
        OSError: it cannot be written or locked.
    """

    def __init__(self, folder: Path) -> None:
        for number in count():
            file = _locked(folder / f"slot-{number}.lock")
            if file is not None:
                break
        self._file = file  # open, or the lock would end
        self.name = f"slot{number}"
        mark_process_dead(self.name, str(folder))  # type: ignore[no-untyped-call]


def forget_dead(folder: Path) -> None:
    """Remove the gauges of workers that have ended."""
    for path in folder.glob("slot-*.lock"):
        file = _locked(path)
        if file is not None:
            mark_process_dead(path.stem.replace("-", ""), str(folder))  # type: ignore[no-untyped-call]
            _held.discard(str(path.resolve()))
            file.close()


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked for this process, or None when a process holds it.

    A POSIX record lock: unlike ``flock``'s it is not passed on to what user code forks.
    """
    name = str(path.resolve())
    if name in _held:
        return None
    file = path.open("ab")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:
        file.close()
        raise
    _held.add(name)
    return file
