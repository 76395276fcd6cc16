"""The folder of one key of the file store: a file for each version, and the lock of its writers.

It opens the folder once, opens files relative to it, and does not follow links: a user who may write to
the parent folder cannot redirect reads or writes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seldon_runtime.persistence.snapshot import Buffer
from seldon_runtime.persistence.store import StoreError

_LOCK_WAIT_S = 10.0
_NAME = re.compile(r"(\d{12,})\.state")
_PARTIAL = "partial"
_LOCK = "lock"


class StateFolder:
    """An open folder, from :meth:`opened`. Methods block and raise OSError."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[StateFolder]:
        """Open the folder until the block ends; raise FileNotFoundError if the folder does not exist."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield cls(path, descriptor)
        finally:
            os.close(descriptor)

    def versions(self) -> list[int]:
        """Return the versions in the names of the files, newest first."""
        return sorted(int(m[1]) for name in os.listdir(self._descriptor) if (m := _NAME.fullmatch(name)))[
            ::-1
        ]

    def read(self, version: int) -> bytes:
        """Return a version's blob; raise FileNotFoundError if the version does not exist."""
        name = _name(version)
        # opening a pipe would block
        with open(self._open(name, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StoreError(f"{self._path / name} is not a regular file")
            return file.read()

    def check_writable(self) -> None:
        """Raise OSError if the folder is not writable. Never blocks; creates only the lock file."""
        os.close(self._open(_LOCK, os.O_RDWR | os.O_CREAT))
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._descriptor):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._path))

    def write(self, version: int, blob: Buffer) -> None:
        """Write a version to the disk, as a whole or not at all."""
        self._unlink(_PARTIAL)  # left by a killed process
        try:
            with open(self._open(_PARTIAL, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb", buffering=0) as file:
                rest = memoryview(blob)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            folder = self._descriptor
            os.rename(_PARTIAL, _name(version), src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            self._unlink(_PARTIAL)
            raise
        os.fsync(self._descriptor)  # the new name must survive a loss of power, too

    def remove(self, version: int) -> None:
        """Remove a version, if it exists."""
        self._unlink(_name(version))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclude other writers until the block ends.

        Raises:
            StoreError: another process held the lock for ten seconds.
        """
        lock = self._open(_LOCK, os.O_RDWR | os.O_CREAT)
        try:
            deadline = time.monotonic() + _LOCK_WAIT_S
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"another process has held {self._path / _LOCK} for {_LOCK_WAIT_S:.0f} s"
                    )
                time.sleep(0.02)
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a child that user code forked meanwhile would keep it locked
            os.close(lock)

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._descriptor)

    def _unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)


def _name(version: int) -> str:
    return f"{version:012}.state"


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
