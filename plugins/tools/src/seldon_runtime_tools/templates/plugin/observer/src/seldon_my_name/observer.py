"""The observer: a line of JSON for each call, which a thread of its own writes to a file."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from queue import SimpleQueue

from seldon_runtime.plugin import Call, Observer, Outcome, StartupError

logger = logging.getLogger(__name__)

_MOST_WAITING = 10_000
"""Lines that may wait for a slow disk; further ones are dropped, since calls must not wait for it."""


class MyNameObserver(Observer):
    """Records each call, also if it fails or is refused. Override further methods of ``Observer``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._dropped = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Open the file and start the thread. Raise StartupError if the file cannot be written."""
        try:
            self._file = self.path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise StartupError(
                f"cannot write {self.path} ({error}): see --my-name-file (SELDON_MY_NAME_FILE)"
            ) from None
        self._writer = threading.Thread(target=self._write, name="my-name", daemon=True)
        self._writer.start()

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Queue the record of a call. Runs on many threads, and the client waits for it: be quick."""
        if self._lines.qsize() >= _MOST_WAITING:
            with self._lock:
                self._dropped += 1
            return
        record = {
            "method": call.method.value,
            "transport": call.transport,
            "request_id": call.request_id,
            "status": outcome.status,
            "reason": None if outcome.error is None else outcome.error.reason,
            "waited_s": outcome.waited_s,
            "ran_s": outcome.ran_s,
        }
        self._lines.put(json.dumps(record) + "\n")

    def stop(self, grace_s: float) -> None:
        """Wait up to ``grace_s`` seconds until all lines are written."""
        self._lines.put(None)
        self._writer.join(grace_s)
        if self._dropped:
            logger.warning("%d calls are not in %s: the disk was too slow", self._dropped, self.path)

    def _write(self) -> None:
        try:
            with self._file:
                for line in iter(self._lines.get, None):
                    self._file.write(line)
        except OSError as error:
            logger.error("cannot write %s (%s): further calls are not in it", self.path, error)
