"""The interface of state stores. The core decides *when* to restore and save.

A store keeps blobs under keys, the last few versions of each. It does not interpret the content
of a blob, which :mod:`seldon_runtime.persistence.envelope` defines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from seldon_runtime.inference.identity import Identity
from seldon_runtime.persistence.snapshot import Buffer

STATE_KEY_PREFIX = "persistence_"
"""The beginning of every key of a component's state."""


class StoreError(Exception):
    """A failure of a store. The message names its address and the cause; a retry may help."""


class StateConflict(StoreError):
    """A save of another process under the key: ``found`` is the newest version, not the expected one."""

    def __init__(self, key: str, expected: int, found: int) -> None:
        super().__init__(f"{key} is at version {found}, expected {expected}: another process saved it")
        self.found = found


@dataclass(frozen=True, slots=True)
class StoredState:
    """A blob and its version: 1 for the first save under a key, and 1 more for each further save.

    Version 0 comes from another program, which stores no versions.
    """

    version: int
    blob: bytes


class StateStore(Protocol):
    """A store of state blobs. Methods block; several threads and processes may use one store.

    Every method but ``close`` raises :class:`StoreError` on failure, within a bounded time. The public suite
    ``seldon_runtime.testing.StateStoreContract`` tests a store.
    """

    @property
    def address(self) -> str:
        """The place of the state, for messages; without secrets."""

    def load(self, key: str, version: int | None = None) -> StoredState | None:
        """Return a version, the newest by default; None when it does not exist."""

    def save(self, key: str, blob: Buffer, *, expected: int | None, keep: int) -> int:
        """Store ``blob`` as the newest version of ``key``: whole or not at all, even if the process dies.

        Args:
            key: any text of letters, digits, ``_``, ``-``, ``.``, ``~`` and ``%``.
            blob: bytes, or a memoryview of bytes; not empty.
            expected: the newest version known to the caller, 0 without one; None to save regardless.
            keep: the number of versions to keep, the new one included; older versions are deleted.

        Returns:
            The new version, larger than ``expected`` and all stored versions.

        Raises:
            StateConflict: another version than ``expected`` is the newest. An empty key causes no
                conflict, because nothing can be lost.
        """

    def versions(self, key: str) -> list[int]:
        """Return the stored versions, newest first; empty for an unknown key."""

    def all_keys(self) -> list[str]:
        """Return the keys with a version, sorted."""

    def delete(self, key: str) -> None:
        """Delete all versions of a key; do nothing for an unknown key."""

    def close(self) -> None:
        """Release connections and files. Called once, as the last method."""


@runtime_checkable
class CheckedStore(Protocol):
    """An optional interface of stores, which stops the start when saving would fail later."""

    def check_writable(self, key: str) -> None:
        """Check that a version of ``key`` could be saved. Called once at the start, after restoring.

        Raises:
            StoreError: the store is not writable.
        """


def state_key(identity: Identity) -> str:
    """Return the key of a component's state: its deployment, predictor and unit, each "0" when unset.

    Letters, digits, ``-``, ``.`` and ``~`` stay; other characters are percent-encoded, and so is a name that
    is "0". So two components have the same key only if all their names are the same.
    """
    return STATE_KEY_PREFIX + "_".join(
        "0" if not name else "%30" if name == "0" else _quoted(name).replace("_", "%5F")
        for name in _names(identity)
    )


def old_state_key(identity: Identity) -> str | None:
    """Return the key of a component's state in runtimes that did not encode ``_`` and "0"; None if equal."""
    key = STATE_KEY_PREFIX + "_".join(_quoted(name or "0") for name in _names(identity))
    return key if key != state_key(identity) else None


def _names(identity: Identity) -> tuple[str | None, ...]:
    return identity.deployment, identity.predictor, identity.unit


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="surrogateescape")
