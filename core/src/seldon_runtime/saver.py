"""Saving: when, and what happens when it fails.

The user's object is pickled on the component's thread, between calls, so a snapshot is never
torn; everything else (compressing, signing, writing, waiting) is done by a thread of the saver's own.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from seldon_runtime.errors import SeldonError
from seldon_runtime.holding import Holding
from seldon_runtime.observer import SaveRecord
from seldon_runtime.pickling import PicklingFailed
from seldon_runtime.snapshot import Buffer, Snapshot
from seldon_runtime.state import StoreError

logger = logging.getLogger(__name__)

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LAST_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class _Pending:
    """A blob to be written, the key that it was sealed for, and the digest of its snapshot."""

    key: str
    digest: bytes
    blob: Buffer


class Saver:
    """Saves one object's state: every interval when it has changed, when asked, and at the end.

    Args:
        holding: where to.
        snapshot: gives a snapshot of the object; blocks until the component's thread has made it.
        seal: makes the blob of a key and a snapshot.
        report: told of every attempt, on the saver's thread; at the end maybe on that of :meth:`finish`.
        saved: digest of the snapshot that is stored already, if one is.
        interval_s: between saves.
    """

    def __init__(
        self,
        holding: Holding,
        *,
        snapshot: Callable[[], Snapshot],
        seal: Callable[[str, Snapshot], Buffer],
        report: Callable[[SaveRecord], None],
        saved: bytes | None,
        interval_s: float,
    ) -> None:
        self._holding = holding
        self._snapshot = snapshot
        self._seal = seal
        self._report = report
        self._interval_s = interval_s
        self._saved = (holding.key, saved)
        self._pending: _Pending | None = None
        self._failures = 0
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
        if self._thread.is_alive():
            self._report(SaveRecord("the last save had not ended when the process had to", 0, 0.0, 0.0))
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
        """One attempt; a retry (not ``fresh``) writes what was pickled before, so that calls do not wait.

        Returns:
            Whether that state is stored.
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
        """None when it is stored already."""
        key, digest = self._holding.key, snapshot.digest()
        return None if (key, digest) == self._saved else _Pending(key, digest, self._seal(key, snapshot))

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        is_first = self._failures == 1
        is_expected = isinstance(error, StoreError | PicklingFailed | SeldonError)
        logger.log(
            logging.ERROR if is_first else logging.WARNING,
            "state was not saved, attempt %d: %s",
            self._failures,
            error,
            exc_info=error if is_first and not is_expected else None,
        )

    def _succeeded(self, record: SaveRecord) -> None:
        if self._failures:
            logger.info("state is saved again, after %d failures", self._failures)
        self._failures = 0
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
