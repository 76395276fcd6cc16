"""State in a folder of this machine: the persistence plugin ``file``, part of core's distribution.

A key is a folder, a version a file in it, such as ``persistence_0_0_0/000000000012.state``. A
version is written to a temporary file, synced and renamed, so it is there as a whole or not
at all. Writers of one key take turns by a lock on the file ``lock``.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.settings import Settings
from seldon_runtime.snapshot import Buffer
from seldon_runtime.state import StateConflict, StoredState, StoreError

_LOCK_WAIT_S = 10.0
_NAME = re.compile(r"(\d{12})\.state")
_PARTIAL = "partial"


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Where the folder is."""
    return [
        click.Option(
            ["--persistence-folder"],
            envvar="PERSISTENCE_FOLDER",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path("seldon-state"),
            show_envvar=True,
            show_default=True,
            help="Folder of the file store; made if it is not there.",
        )
    ]


@hookimpl
def seldon_state_store(settings: Settings) -> FileStore:
    """The folder, which is made when the first state is saved."""
    return FileStore(settings["persistence_folder"])


class FileStore:
    """A :class:`seldon_runtime.state.StateStore`. Folders are made with mode 0700, files with 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def address(self) -> str:
        """``file:/absolute/folder``."""
        return f"file:{self._folder}"

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Reads the file. One that is pruned meanwhile counts as absent, or the next newest is read."""
        with _errors(self.address):
            while True:
                wanted = [version] if version is not None else self.versions(key)[:1]
                if not wanted:
                    return None
                try:
                    return StoredState(wanted[0], self._file(key, wanted[0]).read_bytes())
                except FileNotFoundError:
                    if version is not None:
                        return None

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Blocks until the bytes are on the disk."""
        with _errors(self.address), self._locked(key):
            there = self.versions(key)
            newest = there[0] if there else 0
            if expected is not None and newest not in (0, expected):
                raise StateConflict(key, expected, newest)
            version = max(newest, expected or 0) + 1
            self._write(self._file(key, version), blob)
            for old in there[keep - 1 :]:
                self._file(key, old).unlink(missing_ok=True)
            return version

    def versions(self, key: str) -> list[int]:
        """From the names of the files."""
        with _errors(self.address):
            try:
                names = os.listdir(self._home(key))
            except FileNotFoundError:
                return []
            return sorted((int(m[1]) for name in names if (m := _NAME.fullmatch(name))), reverse=True)

    def all_keys(self) -> list[str]:
        """From the names of the folders."""
        with _errors(self.address):
            try:
                names = [unquote(entry.name) for entry in os.scandir(self._folder) if entry.is_dir()]
            except FileNotFoundError:
                return []
            return sorted(key for key in names if self.versions(key))

    def delete(self, key: str) -> None:
        """Waits for a writer. The folder stays, since another process may wait for its lock."""
        with _errors(self.address):
            if self.versions(key):
                with self._locked(key):
                    for version in self.versions(key):
                        self._file(key, version).unlink()

    def close(self) -> None:
        """Nothing is open."""

    def _home(self, key: str) -> Path:
        name = quote(key, safe="")
        if not name.strip("."):
            raise StoreError(f"{key!r} is no key: expected letters and digits")
        return self._folder / name

    def _file(self, key: str, version: int) -> Path:
        return self._home(key) / f"{version:012}.state"

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        home = self._home(key)
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + _LOCK_WAIT_S
            while not _try_lock(lock):
                if time.monotonic() > deadline:
                    raise StoreError(f"{home / 'lock'} is held by another process for {_LOCK_WAIT_S:.0f} s")
                time.sleep(0.02)
            yield
        finally:
            os.close(lock)

    def _write(self, file: Path, blob: Buffer) -> None:
        partial = file.parent / _PARTIAL  # one name: what a killed process left is overwritten
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb", buffering=0) as output:
                view = memoryview(blob)
                while view:
                    view = view[output.write(view) :]
                os.fsync(output.fileno())
            partial.rename(file)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(file.parent)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """So that the new name survives a loss of power, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _errors(address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{address}: {error}") from error
