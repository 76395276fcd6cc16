"""The folder of one key of the file store: its versions, each a file, and the lock of its writers.

The folder is opened once and everything in it is reached through it, and links are not
followed: whoever may write to the folder above cannot make us write to, or read, another place.
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

from seldon_runtime.snapshot import Buffer
from seldon_runtime.state import StoreError

_LOCK_WAIT_S = 10.0
_NAME = re.compile(r"(\d{12,})\.state")
_PARTIAL = "partial"
_LOCK = "lock"


class StateFolder:
    """Made by :meth:`opened`. All methods block and raise OSError."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[StateFolder]:
        """The folder, until the block ends. Raises FileNotFoundError when it is not there."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield cls(path, descriptor)
        finally:
            os.close(descriptor)

    def versions(self) -> list[int]:
        """From the names of the files, newest first."""
        return sorted(int(m[1]) for name in os.listdir(self._descriptor) if (m := _NAME.fullmatch(name)))[
            ::-1
        ]

    def read(self, version: int) -> bytes:
        """Raises FileNotFoundError when it is not there, or not any more."""
        name = _name(version)
        # a pipe would be waited for
        with open(self._open(name, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StoreError(f"{self._path / name} is no regular file")
            return file.read()

    def check_writable(self) -> None:
        """Raises an OSError when nothing can be written here. Waits for nobody, and leaves no file behind but
        the lock's, which stays anyway."""
        os.close(self._open(_LOCK, os.O_RDWR | os.O_CREAT))
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._descriptor):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._path))

    def write(self, version: int, blob: Buffer) -> None:
        """All or nothing; it is on the disk then."""
        self._unlink(_PARTIAL)  # what a killed process left
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
        os.fsync(self._descriptor)  # so that the new name survives a loss of power, too

    def remove(self, version: int) -> None:
        """Nothing happens when it is not there."""
        self._unlink(_name(version))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among writers until the block ends.

        Raises:
            StoreError: another process has the lock for ten seconds.
        """
        lock = self._open(_LOCK, os.O_RDWR | os.O_CREAT)
        try:
            deadline = time.monotonic() + _LOCK_WAIT_S
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{self._path / _LOCK} is held by another process for {_LOCK_WAIT_S:.0f} s"
                    )
                time.sleep(0.02)
            yield
        finally:
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
