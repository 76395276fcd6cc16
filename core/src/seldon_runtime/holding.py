"""The key under which a process saves, and whether it is alone with it."""

from __future__ import annotations

import hashlib
import logging

from seldon_runtime.envelope import peek
from seldon_runtime.snapshot import Buffer
from seldon_runtime.state import StateConflict, StateStore

logger = logging.getLogger(__name__)

CONFLICT = "_conflict"
"""Added to the key under which the state of a process that lost its key to another one is kept."""


class Holding:
    """Used by one thread at a time.

    Args:
        store: where to write.
        key: under which key.
        writer: what the headers of our own blobs name as their writer.
        keep: how many versions remain.
        version: the newest one that is known to be there, 0 for none.
        blob_digest: SHA-256 of its blob, when this process has read it.
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
        """Whether another process has saved under the key: ours goes beside it from then on."""

    @property
    def key(self) -> str:
        """The key to write under now."""
        return self._own_key + CONFLICT if self.is_lost else self._own_key

    @property
    def address(self) -> str:
        """The store's."""
        return self._store.address

    def write(self, blob: Buffer) -> None:
        """Make ``blob``, which was sealed for :attr:`key`, the newest version. Blocks.

        Raises:
            StoreError: it is not stored, or nobody knows; try again.
            StateConflict: another process has the key, and from now on :attr:`key` is another one.
        """
        if self.is_lost:
            self._store.save(self.key, blob, expected=None, keep=self._keep)
            return
        try:
            self._version = self._store.save(self.key, blob, expected=self._version, keep=self._keep)
        except StateConflict as conflict:
            found = self._own_version()
            if found is None:
                self._lose(conflict)
                raise
            logger.warning("the state %s is at version %d, which is our own", self.key, found)
            self._version = self._store.save(self.key, blob, expected=found, keep=self._keep)

    def _own_version(self) -> int | None:
        """The newest version, if nobody else wrote it since we began: a save whose answer was lost, or a
        store that went back to an older copy of itself."""
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
            "%s. This process serves on, but does not overwrite that state: what it learns is kept as %s. "
            "Only one process may use a key: give each its own PREDICTIVE_UNIT_ID, or run one replica, and "
            "end it before the next one starts",
            conflict,
            self.key,
        )
