"""The store: a table in an SQLite database. Several threads and processes may use it at the same time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seldon_runtime.plugin import Buffer, StateConflict, StoredState, StoreError

_WAIT_S = 10.0
"""Time to wait for another writer."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS states (key TEXT, version INTEGER, blob BLOB, PRIMARY KEY (key, version))"
)


class MyNameStore:
    """Keeps each version of a state in a row. Every operation has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def address(self) -> str:
        """Return where the state is, for messages."""
        return f"my-name:{self._folder}"

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Return the newest version, or the one with this number; None if it does not exist."""
        with self._transaction("DEFERRED") as database:
            found = database.execute(
                "SELECT version, blob FROM states WHERE key = ? AND version = ifnull(?, version)"
                " ORDER BY version DESC LIMIT 1",
                (key, version),
            ).fetchone()
        return None if found is None else StoredState(*found)

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Add a version, and delete all but the newest ``keep``. Blocks until the bytes are on the disk."""
        with self._transaction("IMMEDIATE") as database:
            newest = max(_versions(database, key), default=0)
            if expected is not None and newest not in (0, expected):
                raise StateConflict(key, expected, newest)
            version = max(newest, expected or 0) + 1
            database.execute("INSERT INTO states VALUES (?, ?, ?)", (key, version, blob))
            for old in _versions(database, key)[keep:]:
                database.execute("DELETE FROM states WHERE key = ? AND version = ?", (key, old))
            return version

    def check_writable(self, key: str) -> None:
        """Take the lock of a writer, and write nothing."""
        with self._transaction("IMMEDIATE"):
            pass

    def versions(self, key: str) -> list[int]:
        """Return the versions of a key, newest first."""
        with self._transaction("DEFERRED") as database:
            return _versions(database, key)

    def all_keys(self) -> list[str]:
        """Return the keys that hold anything, sorted."""
        with self._transaction("DEFERRED") as database:
            return sorted(key for (key,) in database.execute("SELECT DISTINCT key FROM states"))

    def delete(self, key: str) -> None:
        """Delete all versions of a key."""
        with self._transaction("IMMEDIATE") as database:
            database.execute("DELETE FROM states WHERE key = ?", (key,))

    def close(self) -> None:
        """Do nothing, since no connection stays open."""

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / "states.db"
            with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as database:
                database.execute(_TABLE)
                database.execute(f"BEGIN {mode}")
                yield database
                database.execute("COMMIT")  # without it, the end of the connection undoes everything
        except (sqlite3.Error, OSError, OverflowError) as error:
            raise StoreError(f"{self.address}: {error}") from error


def _versions(database: sqlite3.Connection, key: str) -> list[int]:
    rows = database.execute("SELECT version FROM states WHERE key = ? ORDER BY version DESC", (key,))
    return [version for (version,) in rows]
