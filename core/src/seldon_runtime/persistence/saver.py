"""Periodic saving of state, and the handling of failures.

The component's thread pickles the user's object between calls, so a snapshot is always consistent. The
saver's own thread does everything else: compressing, signing, writing, waiting.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from seldon_runtime.errors import SeldonError
from seldon_runtime.persistence.pickling import PicklingFailed
from seldon_runtime.persistence.snapshot import Buffer, Snapshot
from seldon_runtime.persistence.store import StoreError
from seldon_runtime.persistence.versioned_writer import VersionedWriter
from seldon_runtime.service.observer import SaveRecord

logger = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LAST_WAIT_S = 0.2
_LOG_PAUSE_S = 60.0
"""The seconds between warnings while a store stays away."""
_MOST_CAUSES = 16
"""The number of causes of an outage that are logged at once; a text that always differs fills no log."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Pending:
    """A blob to write, the key for which it is sealed, and the digest of its snapshot."""

    key: str
    digest: bytes
    blob: Buffer


class Saver:
    """The thread that saves one object's state: periodically when it changed, on request, and at the end.

    Args:
        writer: writes blobs to the store.
        snapshot: returns a snapshot of the object; blocks until the component's thread has made it.
        seal: returns the blob for a key and a snapshot.
        report: receives the record of each attempt, on the saver's thread or that of :meth:`finish`.
        saved: the digest of the stored snapshot, if any.
        interval_s: the seconds between saves.
    """

    def __init__(
        self,
        writer: VersionedWriter,
        *,
        snapshot: Callable[[], Snapshot],
        seal: Callable[[str, Snapshot], Buffer],
        report: Callable[[SaveRecord], None],
        saved: bytes | None,
        interval_s: float,
    ) -> None:
        self._holding = writer
        self._snapshot = snapshot
        self._seal = seal
        self._report = report
        self._interval_s = interval_s
        self._saved = (writer.key, saved)
        self._pending: _Pending | None = None
        self._failures = 0
        self._logged_at = 0.0
        self._causes: set[str] = set()
        self._requests: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self._kept = True
        self.cause: str | None = None
        """Why the newest attempt failed; None if it did not. Read it after :meth:`finish`."""
        self._thread = threading.Thread(target=self._work, name="state-saver", daemon=True)

    def start(self) -> None:
        """Start saving, first after one interval. Call once."""
        self._thread.start()

    def request(self) -> None:
        """Save soon, if the state changed. Signal handlers may call it."""
        self._requests.put(None)

    def finish(self, deadline: float) -> bool:
        """Save the state if it changed, and end the thread. Call once, after the last call.

        Args:
            deadline: the end of retries, on the clock of ``time.monotonic``.

        Returns:
            True if the newest state is in the store, perhaps under the key for conflicts.
        """
        self._requests.put(deadline)
        self._thread.join(max(0.0, deadline - time.monotonic()) + 0.1)
        if self._thread.is_alive():
            self.cause = "the last save did not end before the deadline"
            self._report(SaveRecord(self.cause, 0, 0.0, 0.0))
            return False
        return self._kept

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
            if self._save(fresh=fresh) and not fresh:
                self._save(fresh=True)

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
        """Attempt to save; a retry (not ``fresh``) writes the earlier pickle, so that calls do not wait.

        Returns:
            True if the pickled state is stored.
        """
        record = SaveRecord(None, 0, 0.0, 0.0)
        began = time.perf_counter()
        try:
            if fresh or self._pending is None or self._pending.key != self._holding.key:
                snapshot = self._snapshot()
                record = replace(record, paused_s=time.perf_counter() - began)
                self._pending = self._sealed(snapshot)
                del snapshot
            if self._pending is not None:
                began = time.perf_counter()
                self._holding.write(self._pending.blob)
                record = replace(
                    record, blob_bytes=len(self._pending.blob), wrote_s=time.perf_counter() - began
                )
                self._saved = (self._pending.key, self._pending.digest)
                self._pending = None
        except Exception as error:  # noqa: BLE001 - the boundary to stores and to user code: calls go on
            self._failed(error)
            self._report(replace(record, error=f"{type(error).__name__}: {error}"))
            return False
        self._succeeded(record)
        return True

    def _sealed(self, snapshot: Snapshot) -> _Pending | None:
        """Return the blob to write; None when the snapshot is stored already."""
        key, digest = self._holding.key, snapshot.digest()
        return None if (key, digest) == self._saved else _Pending(key, digest, self._seal(key, snapshot))

    def _failed(self, error: Exception) -> None:
        """Log a failure: the first one as an error, the following ones once a minute and at a new cause."""
        self._failures += 1
        self.cause = str(error).rstrip(". ") or type(error).__name__
        now = time.monotonic()
        is_first = self._failures == 1
        kind = f"{type(error).__name__}: {_NUMBER.sub('', str(error))}"
        is_new = kind not in self._causes and len(self._causes) < _MOST_CAUSES
        if is_new:
            self._causes.add(kind)
        is_due = is_new or now >= self._logged_at + _LOG_PAUSE_S
        if is_due:
            self._logged_at = now
        is_expected = isinstance(error, StoreError | PicklingFailed | SeldonError)
        again = logging.WARNING if is_due else logging.DEBUG
        logger.log(
            logging.ERROR if is_first else again,
            "state was not saved, attempt %d: %s",
            self._failures,
            error,
            exc_info=error if is_new and not is_expected else None,
        )

    def _succeeded(self, record: SaveRecord) -> None:
        if self._failures and self._holding.is_lost:
            logger.info("state is saved as %s, since another process has the key", self._holding.key)
        elif self._failures:
            logger.info("state is saved again, after %d failures", self._failures)
        self._failures = 0
        self._causes.clear()
        self.cause = None
        logger.debug(
            "state is saved: %s, %d bytes, %.1f ms until the snapshot was made, %.1f ms in the store",
            self._holding.key if record.blob_bytes else "unchanged",
            record.blob_bytes,
            1000 * record.paused_s,
            1000 * record.wrote_s,
        )
        if self._holding.is_lost:
            record = replace(record, error="another process has the key")
        self._report(record)
