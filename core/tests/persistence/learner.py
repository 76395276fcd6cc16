"""State that a test changes, its saver, and a store whose answers the test chooses."""

from __future__ import annotations

import threading
import time

from seldon_runtime.persistence.envelope import Header, seal
from seldon_runtime.persistence.saver import Saver
from seldon_runtime.persistence.snapshot import Snapshot
from seldon_runtime.persistence.store import StateConflict, StoredState, StoreError
from seldon_runtime.persistence.versioned_writer import VersionedWriter
from seldon_runtime.testing import WAIT_S

KEY = "persistence_0_0_0"


def sealed(key, snapshot, writer="me"):
    return bytes(seal(Header(key, "M:M", None, 0.0, writer, "0"), snapshot))


class Memory:
    """A store that keeps the newest blobs, and fails when told to."""

    address = "memory"

    def __init__(self):
        self.there = {}
        self.fail_after_write = False
        self.failure = None
        self.hang = None
        self.calls = []

    def load(self, key, version=None):
        return self.there.get(key)

    def save(self, key, blob, *, expected, keep):
        self.calls.append(key)
        if self.hang is not None:
            self.hang.wait(WAIT_S)
        if self.failure is not None:
            raise self.failure
        newest = self.there[key].version if key in self.there else 0
        if expected is not None and newest not in (0, expected):
            raise StateConflict(key, expected, newest)
        self.there[key] = StoredState(max(newest, expected or 0) + 1, blob)
        if self.fail_after_write:
            self.fail_after_write = False
            raise StoreError("no answer")
        return self.there[key].version


class Learner:
    """An object that a test changes, its saver, and the reports of the saver."""

    def __init__(self, store, interval_s=3600, saved=None, **known):
        self.value = b"0"
        self.reports = []
        self.reported = threading.Condition()
        self.saver = Saver(
            VersionedWriter(store, KEY, writer="me", keep=3, **known),
            snapshot=self.snapshot,
            seal=sealed,
            report=self._report,
            saved=saved,
            interval_s=interval_s,
        )
        self.saver.start()

    def snapshot(self):
        if isinstance(self.value, Exception):
            raise self.value
        return Snapshot(self.value)

    def _report(self, record):
        with self.reported:
            self.reports.append(record)
            self.reported.notify_all()

    def wait_for_reports(self, number):
        with self.reported:
            assert self.reported.wait_for(lambda: len(self.reports) >= number, 10)

    def learn(self, value):
        self.value = value
        self.saver.request()

    def finish(self, within_s=5):
        return self.saver.finish(time.monotonic() + within_s)
