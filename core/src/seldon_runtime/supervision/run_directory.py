"""The folder that the workers of a run share, in memory if possible, and removed after the run."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from seldon_runtime.errors import StartupError

_MEMORY = Path("/dev/shm")
_PREFIX = "seldon-run-"
_LOCK = "seldon-run.lock"
"""A name that no other program uses, because cleaning removes the folder around it."""


class RunDirectory:
    """A new folder, private to the user, locked while this process lives.

    The constructor first removes the folders of killed runs, which would stay in memory for ever.

    Raises:
        StartupError: this process cannot create a folder.
    """

    def __init__(self) -> None:
        faults: list[str] = []
        for parent in _parents():
            for left in parent.glob(f"{_PREFIX}*"):
                _remove_if_left(left)
            try:
                self._make(parent)
                return
            except OSError as error:  # not writable, or full
                faults.append(str(error))
        raise StartupError(
            f"cannot create a folder for the workers ({'; '.join(faults) or 'no temporary folder'}): "
            "set TMPDIR to a writable folder"
        )

    def _make(self, parent: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        try:
            new = self.path / "new"
            self._lock = new.open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            new.rename(self.path / _LOCK)  # only now can another run find the file, which is locked already
        except OSError:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def remove(self) -> None:
        """Remove the folder and its content."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _parents() -> Iterator[Path]:
    """Yield the folders to try: in memory, then for temporary files."""
    if os.access(_MEMORY, os.W_OK):
        yield _MEMORY
    with suppress(OSError):  # not one folder for temporary files is writable
        yield Path(tempfile.gettempdir())


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose lock is free, since its owner has ended.

    Ignores what another user made: links, pipes in place of the lock, and folders, which root could remove.
    """
    with suppress(OSError):
        if not _is_own(os.lstat(folder), stat.S_ISDIR):
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not _is_own(os.fstat(lock), stat.S_ISREG):
                return
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        finally:
            os.close(lock)


def _is_own(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    return is_kind(status.st_mode) and status.st_uid == os.geteuid()
