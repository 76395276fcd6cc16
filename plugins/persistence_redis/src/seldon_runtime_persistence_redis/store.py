"""State in Redis.

The newest version of a key is a string under the key itself, where the v1 wrapper kept it. Older versions
are under ``<key>:<version>``, and the number of the newest one is under ``<key>:version``. One
transaction (WATCH, MULTI, EXEC) changes them together, and they never expire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from seldon_runtime.plugin import STATE_KEY_PREFIX, Buffer, Settings, StateConflict, StoredState, StoreError
from seldon_runtime_persistence_redis.connection import client_from

_ATTEMPTS = 5
_PART = re.compile(r":(version|\d+)$")


class RedisStore:
    """Versions of states in Redis; implements ``StateStore``.

    Each method blocks up to the client's time limit.

    Args:
        client: a client that tries each command once, within a time limit.
        address: its address for messages, without secrets.
    """

    def __init__(self, client: redis.Redis, address: str) -> None:
        self._redis: Any = client  # its stubs return awaitables, too
        self._address = address

    @classmethod
    def of(cls, settings: Settings) -> RedisStore:
        """Return a store for the settings; it connects on first use."""
        return cls(*client_from(settings))

    @property
    def address(self) -> str:
        """Return the address for messages, such as ``redis host:port``."""
        return self._address

    def ping(self) -> None:
        """Raise StoreError if Redis does not answer."""
        with self._errors():
            self._redis.ping()

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Load a version, by default the newest; None without it.

        One MGET reads number and blob together. It works on a full server, which refuses transactions.
        """
        with self._errors():
            counter, blob = self._redis.mget(_counter(key), key)
            newest = self._as_number(counter, key)
            if version not in (None, newest):
                blob = self._redis.get(_older(key, version))
            elif blob is None and self._redis.exists(key):
                raise StoreError(f"{self._address}: {key} must hold a string")
            if blob is None:
                return None
            return StoredState(newest if version is None else version, blob)

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Save ``blob`` as the newest version and return its number."""
        with self._errors():
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return self._save(key, blob, expected, keep)
                except redis.WatchError as error:
                    if isinstance(error.__context__, redis.ConnectionError | redis.TimeoutError):
                        raise error.__context__ from None  # the connection failed; nobody else saved
                    if attempt == _ATTEMPTS:  # else another process saved first: read again
                        raise
        raise AssertionError("unreachable")

    def versions(self, key: str) -> list[int]:
        """Return the numbers of the newest version and of those before it without a gap."""
        with self._errors():
            newest = self._number(self._redis, key)
            return [] if newest is None else [newest, *self._before(self._redis, key, newest)]

    def all_keys(self) -> list[str]:
        """Return all keys that are valid text. SCAN takes long in a database of millions of keys."""
        with self._errors():
            found = self._redis.scan_iter(match=f"{STATE_KEY_PREFIX}*", _type="string")
            names = {name.decode(errors="replace") for name in found}
            return sorted(name for name in names if not _PART.search(name) and "\ufffd" not in name)

    def delete(self, key: str) -> None:
        """Delete all versions and their counter."""
        with self._errors():
            parts = [_older(key, version) for version in self.versions(key)]
            self._redis.unlink(key, _counter(key), *parts)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _save(self, key: str, blob: Buffer, expected: int | None, keep: int) -> int:
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.watch(key, _counter(key))
            newest = self._number(pipe, key)
            if expected is not None and newest not in (None, expected):
                raise StateConflict(key, expected, newest or 0)
            version = max(newest or 0, expected or 0) + 1
            older = [] if newest is None else [newest, *self._before(pipe, key, newest)]
            pipe.multi()
            if newest is not None and keep > 1:
                pipe.rename(key, _older(key, newest))
            pipe.set(key, blob)
            pipe.set(_counter(key), version)
            if gone := [_older(key, old) for old in older[keep - 1 :]]:
                pipe.unlink(*gone)
            pipe.execute()
            return version

    def _number(self, client: Any, key: str) -> int | None:
        """Return the number of the newest version; None without a version, 0 if another program wrote it."""
        if not client.exists(key):
            return None
        return self._as_number(client.get(_counter(key)), key)

    def _as_number(self, counter: bytes | None, key: str) -> int:
        if counter is not None and not counter.isdigit():
            raise StoreError(f"{self._address}: {_counter(key)} holds {counter!r:.60}, expected a number")
        return int(counter or 0)

    @staticmethod
    def _before(client: Any, key: str, newest: int) -> Iterator[int]:
        version = newest - 1
        while version >= 0 and client.exists(_older(key, version)):
            yield version
            version -= 1

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError, UnicodeError) as error:  # the last: a key that is not valid text
            raise StoreError(f"{self._address}: {type(error).__name__}: {error}") from error


def _counter(key: str) -> str:
    return f"{key}:version"


def _older(key: str, version: int) -> str:
    return f"{key}:{version}"
