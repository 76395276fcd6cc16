"""Several workers, one page: prometheus-client's multiprocess mode with a slot for each worker.

Each worker writes files of its own; the page is made of all of them. By default those
files are named by process id, so that each restart leaves some behind for ever. Here a worker
takes the lowest free *slot* instead, holds it by a file lock, and goes on counting in the files
of the slot's last holder. The lock ends with the process, however that ends: counters never go
backwards, there are never more files than workers at one time, and nobody has to clean up.
"""

from __future__ import annotations

import fcntl
import glob
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import IO

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from seldon_runtime.errors import StartupError

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_held: set[str] = set()
"""Lock files of this process: closing one of them a second time would give up its lock."""


class SharedFolder(Collector):
    """The workers' common folder, and this worker's slot in it.

    Args:
        path: made if it is not there; on a local file system. Best empty at the start of the first
            worker and in memory (``/dev/shm``), for a full disk ends a process that writes to it.

    Raises:
        StartupError: the folder cannot be written or locked.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.slot, self._lock_file = self._take_slot()
        except OSError as error:
            raise StartupError(
                f"{_VARIABLE} is {path!r}, where no metrics can be kept ({error}): name a local folder "
                "that this process may write to"
            ) from error
        mark_process_dead(self.slot, path)  # type: ignore[no-untyped-call]
        os.environ[_VARIABLE] = path  # where prometheus-client looks
        owner = os.getpid()

        def identifier() -> str:
            """A process that user code forks must not write to this worker's files."""
            return self.slot if os.getpid() == owner else f"fork{os.getpid()}"

        values.ValueClass = values.MultiProcessValue(identifier)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Metric]:
        """The families of all workers, summed up; gauges of ended workers do not count."""
        for lock_file in self.path.glob("slot-*.lock"):
            self._forget_if_dead(lock_file)
        by_type: dict[str, list[str]] = defaultdict(list)
        for file in self._filled("*.db"):
            by_type[os.path.basename(file).partition("_")[0]].append(file)
        # type by type: prometheus-client would throw metrics of one name and two types together
        for files in by_type.values():
            yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]

    def files(self, purpose: str) -> Path:
        """The beginning of the names of files that this worker writes itself, ``{type}_`` left out."""
        return self.path / f"{self.slot}-{purpose}"

    def known_series(self) -> Iterator[tuple[str, str]]:
        """Family and labels (as JSON) of the series that this slot's files hold already."""
        for file in self._filled(f"*_{self.slot}.db"):
            keys = MmapedDict.read_all_values_from_file(file)  # type: ignore[no-untyped-call]
            for key, *_ in keys:
                family, _, labels, _ = json.loads(key)
                labels.pop("le", None)
                yield family, json.dumps(labels, sort_keys=True)

    def _filled(self, pattern: str) -> list[str]:
        """Files with content: a worker may be just making one."""
        files = glob.glob(f"{glob.escape(str(self.path))}/{pattern}")
        return [file for file in sorted(files) if os.path.getsize(file)]

    def _take_slot(self) -> tuple[str, IO[bytes]]:
        for number in count():
            name = self.path / f"slot-{number}.lock"
            file = _locked(name)
            if file is not None:
                return f"slot{number}", file
        raise AssertionError("count() does not end")

    def _forget_if_dead(self, lock_file: Path) -> None:
        file = _locked(lock_file)
        if file is None:
            return
        number = lock_file.stem.partition("-")[2]
        mark_process_dead(f"slot{number}", str(self.path))  # type: ignore[no-untyped-call]
        _held.discard(str(lock_file.resolve()))
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
