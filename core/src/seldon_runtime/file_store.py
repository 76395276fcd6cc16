"""State in a folder of this machine: the persistence plugin ``file``, part of core's distribution.

A key is a folder, a version a file in it, such as ``persistence_0_0_0/000000000012.state``. A
version is written to a temporary file, synced and renamed, so it is there as a whole or not
at all. Writers of one key take turns by a lock on the file ``lock``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.settings import Settings
from seldon_runtime.snapshot import Buffer
from seldon_runtime.state import StateConflict, StoredState, StoreError
from seldon_runtime.state_folder import StateFolder


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
    """The folder, which is made before the first state is saved."""
    return FileStore(settings["persistence_folder"])


class FileStore:
    """A :class:`seldon_runtime.state.StateStore`, and a ``CheckedStore``. Folders are made with mode 0700,
    files with 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def address(self) -> str:
        """``file:/absolute/folder``."""
        return f"file:{self._folder}"

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Reads the file. One that is pruned meanwhile counts as absent, or the next newest is read."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            if version is not None:
                return StoredState(version, home.read(version))
            while there := home.versions():
                with suppress(FileNotFoundError):
                    return StoredState(there[0], home.read(there[0]))
        return None

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Blocks until the bytes are on the disk."""
        with self._errors():
            self._make_home(key)
            with StateFolder.opened(self._home(key)) as home, home.locked():
                there = home.versions()
                newest = there[0] if there else 0
                if expected is not None and newest not in (0, expected):
                    raise StateConflict(key, expected, newest)
                version = max(newest, expected or 0) + 1
                home.write(version, blob)
                for old in there[keep - 1 :]:
                    home.remove(old)
                return version

    def check_writable(self, key: str) -> None:
        """Makes the folder, and looks at its rights; how much room there is on the disk is not asked."""
        with self._errors():
            self._make_home(key)
            with StateFolder.opened(self._home(key)) as home:
                home.check_writable()

    def versions(self, key: str) -> list[int]:
        """From the names of the files."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            return home.versions()
        return []

    def all_keys(self) -> list[str]:
        """From the names of the folders."""
        with self._errors(), suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
            keys = {unquote(name) for name in folders}
            return sorted(key for key in keys if _folder_name(key) in folders and self.versions(key))
        return []

    def delete(self, key: str) -> None:
        """Waits for a writer. The folder stays, since another process may wait for its lock."""
        with self._errors(), suppress(FileNotFoundError), StateFolder.opened(self._home(key)) as home:
            if home.versions():
                with home.locked():
                    for version in home.versions():
                        home.remove(version)

    def close(self) -> None:
        """Nothing is open."""

    def _make_home(self, key: str) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            self._home(key).mkdir(mode=0o700)

    def _home(self, key: str) -> Path:
        name = _folder_name(key)
        if name is None:
            raise StoreError(f"{key!r} is no key: expected letters and digits")
        return self._folder / name

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.address}: {error}") from error


def _folder_name(key: str) -> str | None:
    """One name, whatever is in the key; None for what cannot be a name."""
    name = quote(key, safe="", errors="surrogateescape")
    return name if name.strip(".") else None
