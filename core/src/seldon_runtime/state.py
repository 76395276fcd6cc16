"""Where state is kept: what a store provides. *When* it is restored and saved is core's business.

A store keeps blobs under keys, the last few versions of each. It neither reads nor writes
what is in a blob: see :mod:`seldon_runtime.envelope`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from seldon_runtime.identity import Identity
from seldon_runtime.snapshot import Buffer

KEY_PREFIX = "persistence_"


class StoreError(Exception):
    """The store did not answer, or refused. The message names its address and the cause; a retry may help."""


class StateConflict(StoreError):
    """Another process has saved under the key: ``found`` is the newest version, not the expected one."""

    def __init__(self, key: str, expected: int, found: int) -> None:
        super().__init__(f"{key} is at version {found}, expected {expected}: another process saved it")
        self.found = found


@dataclass(frozen=True, slots=True)
class StoredState:
    """A blob and its version: 1 for the first saved under a key, one more for each that follows.
    Version 0 was there before, from another program that keeps no versions."""

    version: int
    blob: bytes


class StateStore(Protocol):
    """Keeps blobs of state. All methods block; several threads and processes may use one store.

    Every method but ``close`` raises :class:`StoreError` when the store cannot do it, within a
    bounded time. The public suite ``seldon_runtime.testing.StateStoreContract`` tests a store.
    """

    @property
    def address(self) -> str:
        """Where the state is, for messages; without secrets."""

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """That version, the newest by default; None when it is not there."""

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Make ``blob`` the newest version of ``key``: all or nothing, also when the process dies.

        Args:
            key: any text of letters, digits, ``_``, ``-``, ``.``, ``~`` and ``%``.
            blob: not empty; bytes, or a memoryview of bytes.
            expected: the version that the caller believes to be the newest, 0 for none; None: whatever it is.
            keep: how many versions remain, this one included; older ones are deleted.

        Returns:
            The new version, larger than ``expected`` and than any that is there.

        Raises:
            StateConflict: another version than ``expected`` is the newest. A key that holds
                nothing is no conflict: there is nothing to lose.
        """

    def versions(self, key: str) -> list[int]:
        """The versions that are there, newest first; empty when there are none."""

    def all_keys(self) -> list[str]:
        """The keys that hold anything, sorted."""

    def delete(self, key: str) -> None:
        """Delete all versions of a key; nothing happens when there are none."""

    def close(self) -> None:
        """Let go of connections and files. Called once, last."""


@runtime_checkable
class CheckedStore(Protocol):
    """What a store may have besides, to stop the start when nothing could be saved later."""

    def check_writable(self, key: str) -> None:
        """Called once at the start, when the state of ``key`` has been read.

        Raises:
            StoreError: it cannot be written to.
        """


def state_key(identity: Identity) -> str:
    """The key of a component's state: its deployment, predictor and unit, each "0" when unset.

    Letters, digits, ``_``, ``-``, ``.`` and ``~`` stand for themselves; others are written as in URLs.
    """
    names = (identity.deployment, identity.predictor, identity.unit)
    return KEY_PREFIX + "_".join(quote(name or "0", safe="", errors="surrogateescape") for name in names)
