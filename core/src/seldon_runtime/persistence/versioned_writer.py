"""Writing of versions under a key, with detection of other writers."""

from __future__ import annotations

import hashlib
import logging

from seldon_runtime.persistence.envelope import peek
from seldon_runtime.persistence.snapshot import Buffer
from seldon_runtime.persistence.store import StateConflict, StateStore

logger = logging.getLogger(__name__)

CONFLICT = "_conflict"
"""The suffix of the key for the state of a process that lost its key to another process."""


class VersionedWriter:
    """The writer of a process's state under a key. For one thread at a time.

    Args:
        store: the store to write to.
        key: the key to write under.
        writer: the writer id in the headers of this process's blobs.
        keep: the number of versions to keep.
        version: the newest known version; 0 before the first one.
        blob_digest: SHA-256 of that version's blob, if this process has read it.
    """

    def __init__(
        self,
        store: StateStore,
        key: str,
        *,
        writer: str,
        keep: int,
        version: int = 0,
        blob_digest: bytes | None = None,
    ) -> None:
        self._store = store
        self._own_key = key
        self._writer = writer
        self._keep = keep
        self._version = version
        self._first_blob = blob_digest
        self.is_lost = False
        """True after another process saved under the key: this one then saves under a key of its own."""

    @property
    def key(self) -> str:
        """The key of the next write."""
        return self._own_key + CONFLICT if self.is_lost else self._own_key

    @property
    def address(self) -> str:
        """The address of the store."""
        return self._store.address

    def write(self, blob: Buffer) -> None:
        """Store ``blob``, which must be sealed for :attr:`key`, as the newest version. Blocks.

        Raises:
            StoreError: the blob is not stored, or the outcome is unknown; try again.
            StateConflict: another process uses the key; :attr:`key` has changed.
        """
        if self.is_lost:
            self._store.save(self.key, blob, expected=None, keep=self._keep)
            return
        try:
            self._version = self._store.save(self.key, blob, expected=self._version, keep=self._keep)
        except StateConflict as conflict:
            own_version = self._own_version()
            if own_version is None:
                self._lose(conflict)
                raise
            logger.warning("the state %s is at version %d, which this process wrote", self.key, own_version)
            self._version = self._store.save(self.key, blob, expected=own_version, keep=self._keep)

    def _own_version(self) -> int | None:
        """Return the newest version, if this process wrote or read it; None if another process wrote it.

        This happens after a save whose response was lost, or in a store that was reset to an older copy.
        """
        newest = self._store.load(self.key)
        if newest is None:
            return 0
        header = peek(newest.blob)
        is_own = header is not None and header.writer == self._writer
        if is_own or hashlib.sha256(newest.blob).digest() == self._first_blob:
            return newest.version
        return None

    def _lose(self, conflict: StateConflict) -> None:
        self.is_lost = True
        logger.error(
            "%s. This process keeps serving, but saves its state as %s, to keep the other one. "
            "Only one process may use a key: give each its own PREDICTIVE_UNIT_ID, or run one replica, and "
            "end it before the next one starts",
            conflict,
            self.key,
        )
