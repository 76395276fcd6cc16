"""Saving: when, and what happens when it fails.

The user's object is pickled on the component's thread, between calls, so a snapshot is never
torn; everything else (compressing, signing, writing, waiting) is done by a thread of the saver's own.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from seldon_runtime.envelope import peek
from seldon_runtime.observer import SaveRecord
from seldon_runtime.state import StateConflict, StateStore

logger = logging.getLogger(__name__)

CONFLICT = "_conflict"
"""Added to the key under which the state of a process that lost its key to another one is kept."""
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LAST_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Origin:
    """What the store is known to hold: the newest ``version`` (0: nothing), the ``blob_digest`` of that
    blob, and the ``digest`` of the pickle that need not be saved again."""

    version: int = 0
    blob_digest: bytes | None = None
    digest: bytes | None = None


class Saver:
    """Saves one object's state: every interval when it has changed, when asked, and at the end.

    Args:
        store: where to.
        key: under which key.
        snapshot: gives a pickle of the object; blocks until the component's thread has made it.
        seal: makes the blob of a pickle.
        report: told of every attempt, on the saver's thread, or at the end on the main thread.
        writer: what ``seal`` writes into the header, to know our own blobs by.
        origin: what the store holds.
        interval_s: between saves.
        keep: how many versions remain.
    """

    def __init__(
        self,
        store: StateStore,
        key: str,
        *,
        snapshot: Callable[[], bytes],
        seal: Callable[[str, bytes], bytes],
        report: Callable[[SaveRecord], None],
        writer: str,
        origin: Origin,
        interval_s: float,
        keep: int,
    ) -> None:
        self._store = store
        self._key = key
        self._snapshot = snapshot
        self._seal = seal
        self._report = report
        self._writer = writer
        self._interval_s = interval_s
        self._keep = keep
        self._version = origin.version
        self._known_blob = origin.blob_digest
        self._saved = origin.digest
        self._pending: tuple[bytes, bytes] | None = None
        self._failures = 0
        self._lost = False
        self._requests: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._kept = True
        self._thread = threading.Thread(target=self._work, name="state-saver", daemon=True)

    def start(self) -> None:
        """Save from now on; the first time after one interval. Call once."""
        self._thread.start()

    def request(self) -> None:
        """Save soon, if changed. May be called by a signal handler."""
        self._requests.put(None)

    def finish(self, deadline: float) -> bool:
        """Save what changed since the last time, and end. Call once, when no more calls come.

        Args:
            deadline: on the clock of ``time.monotonic``; until then it is tried again.

        Returns:
            Whether the newest state is in the store, be it under the key for lost conflicts.
        """
        self._requests.put(deadline)
        self._thread.join(max(0.0, deadline - time.monotonic()) + 0.1)
        return self._kept and not self._thread.is_alive()

    def _work(self) -> None:
        due = time.monotonic() + self._interval_s
        while True:
            now = time.monotonic()
            wake = min(due, now + self._backoff_s) if self._failures else due
            try:
                deadline = self._requests.get(timeout=max(0.0, wake - now))
            except queue.Empty:
                fresh = time.monotonic() >= due
            else:
                if deadline is not None:
                    self._kept = self._save_until(deadline)
                    return
                fresh = True
            if fresh:
                due = time.monotonic() + self._interval_s
            self._save(fresh=fresh)

    @property
    def _backoff_s(self) -> float:
        return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(self._failures - 1, 10))

    def _save_until(self, deadline: float) -> bool:
        while not self._save(fresh=True):
            if time.monotonic() + _LAST_WAIT_S >= deadline:
                return False
            time.sleep(_LAST_WAIT_S)
        return True

    def _save(self, *, fresh: bool) -> bool:
        """One attempt; a retry (not ``fresh``) writes what was pickled before, and then what is new."""
        began = time.perf_counter()
        paused_s = wrote_s = 0.0
        size = 0
        try:
            if fresh or self._pending is None:
                payload = self._snapshot()
                paused_s = time.perf_counter() - began
                digest = hashlib.sha256(payload).digest()
                if digest == self._saved:
                    self._pending = None
                    logger.debug("unchanged, nothing to save")
                    self._succeeded(SaveRecord(None, 0, paused_s, 0.0))
                    return True
                self._pending = (digest, self._seal(self._own_key, payload))
                del payload
            began = time.perf_counter()
            digest, blob = self._pending
            size = len(blob)
            self._write(blob)
            wrote_s = time.perf_counter() - began
        except Exception as error:  # noqa: BLE001 - the boundary to stores and to user code: calls go on
            self._failed(error, SaveRecord(f"{type(error).__name__}: {error}", size, paused_s, wrote_s))
            return False
        self._saved, self._pending = digest, None
        was_retry = not fresh
        self._succeeded(SaveRecord(None, size, paused_s, wrote_s))
        return self._save(fresh=True) if was_retry else True

    @property
    def _own_key(self) -> str:
        return self._key + CONFLICT if self._lost else self._key

    def _write(self, blob: bytes) -> None:
        if self._lost:
            self._store.save(self._own_key, blob, expected=None, keep=self._keep)
            return
        try:
            version = self._store.save(self._key, blob, expected=self._version, keep=self._keep)
        except StateConflict as conflict:
            found = self._own_version(conflict)
            if found is None:
                self._lose(conflict)
                raise
            logger.warning("the state %s is at version %d, which is our own", self._key, found)
            version = self._store.save(self._key, blob, expected=found, keep=self._keep)
        self._version = version
        self._known_blob = hashlib.sha256(blob).digest()

    def _own_version(self, conflict: StateConflict) -> int | None:
        """The newest version, if nobody else wrote it: a save whose answer was lost, or a store that
        went back to an older copy of itself."""
        newest = self._store.load(self._key)
        if newest is None:
            return 0
        header = peek(newest.blob)
        if header is not None and header.writer == self._writer:
            return newest.version
        return newest.version if hashlib.sha256(newest.blob).digest() == self._known_blob else None

    def _lose(self, conflict: StateConflict) -> None:
        self._lost = True
        self._pending = None
        self._saved = None
        logger.error(
            "%s. This process serves on, but does not overwrite that state: what it learns is kept as %s%s. "
            "Only one process may use a key: give each its own PREDICTIVE_UNIT_ID, or run one replica, and "
            "end it before the next one starts",
            conflict,
            self._key,
            CONFLICT,
        )

    def _failed(self, error: Exception, record: SaveRecord) -> None:
        self._failures += 1
        level = logging.ERROR if self._failures == 1 else logging.WARNING
        logger.log(
            level, "state was not saved to %s, attempt %d: %s", self._store.address, self._failures, error
        )
        self._report(record)

    def _succeeded(self, record: SaveRecord) -> None:
        if self._failures:
            logger.info("state is saved again, after %d failures", self._failures)
        self._failures = 0
        if record.blob_bytes:
            logger.debug("saved %d bytes of state as version %d", record.blob_bytes, self._version)
        self._report(replace(record, error="another process has the key") if self._lost else record)
