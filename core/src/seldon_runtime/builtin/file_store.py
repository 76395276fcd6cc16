"""The persistence plugin ``file``, which keeps state in a folder of this machine.

A key is a folder, a version a file in it, such as ``persistence_0_0_0/000000000012.state``. A
version is written to a temporary file, synced and renamed, so it exists as a whole or not
at all. Writers of one key exclude each other by a lock on the file ``lock``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

import click

from seldon_runtime.builtin.file_store_directory import StateFolder
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.persistence.snapshot import Buffer
from seldon_runtime.persistence.store import StateConflict, StoredState, StoreError
from seldon_runtime.settings.values import Settings, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the option for the folder."""
    return [
        option(
            "--persistence-folder",
            envvar="PERSISTENCE_FOLDER",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path("seldon-state"),
            help="Folder of the file store; created when it does not exist.",
        )
    ]


@hookimpl
def seldon_state_store(settings: Settings) -> FileStore:
    """Return the store; its folder is created before the first save."""
    return FileStore(settings["persistence_folder"])


class FileStore:
    """A ``StateStore`` and ``CheckedStore`` in a folder. Folders have mode 0700, files 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def address(self) -> str:
        """``file:/absolute/folder``."""
        return f"file:{self._folder}"

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Read a version's file; if another process deletes it meanwhile, read the newest remaining one."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            if version is not None:
                return StoredState(version, home.read(version))
            while versions := home.versions():
                with suppress(FileNotFoundError):
                    return StoredState(versions[0], home.read(versions[0]))
        return None

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Write a version. Blocks until the bytes are on the disk."""
        with self._errors():
            self._make_home(key)
            with StateFolder.opened(self._home(key)) as home, home.locked():
                versions = home.versions()
                newest = versions[0] if versions else 0
                if expected is not None and newest not in (0, expected):
                    raise StateConflict(key, expected, newest)
                version = max(newest, expected or 0) + 1
                home.write(version, blob)
                for old in versions[keep - 1 :]:
                    home.remove(old)
                return version

    def check_writable(self, key: str) -> None:
        """Create the folder and check its permissions, but not the free space of the disk."""
        with self._errors():
            self._make_home(key)
            with StateFolder.opened(self._home(key)) as home:
                home.check_writable()

    def versions(self, key: str) -> list[int]:
        """Return the versions in the names of the files, newest first."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            return home.versions()
        return []

    def all_keys(self) -> list[str]:
        """Return the keys in the names of the folders, sorted."""
        with self._errors(), suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
            keys = {unquote(name) for name in folders}
            return sorted(key for key in keys if _folder_name(key) in folders and self.versions(key))
        return []

    def delete(self, key: str) -> None:
        """Delete all versions, after waiting for a writer. Keeps the folder, whose lock others may await."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            if home.versions():
                with home.locked():
                    for version in home.versions():
                        home.remove(version)

    def close(self) -> None:
        """Do nothing, since nothing stays open."""

    def _make_home(self, key: str) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            self._home(key).mkdir(mode=0o700)

    def _home(self, key: str) -> Path:
        name = _folder_name(key)
        if name is None:
            raise StoreError(f"{key!r} is not a valid key: expected letters and digits")
        return self._folder / name

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.address}: {error}") from error


def _folder_name(key: str) -> str | None:
    """Return a file name for a key; None for a key of dots only."""
    name = quote(key, safe="", errors="surrogateescape")
    return name if name.strip(".") else None
