"""State of a component in a folder: what the service and its observers are told."""

from __future__ import annotations

import shutil
import threading
import time

import pytest

from seldon_runtime.builtin.file_store import FileStore
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.persistence.envelope import unseal
from seldon_runtime.persistence.lifecycle import StateLifecycle
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.persistence_options import StatePolicy
from seldon_runtime.testing import WAIT_S

KEY = "persistence_0_0_0"


class Counter:
    def __init__(self):
        self.count = 0

    def predict(self, X, names):
        return X


class Saves(Observer):
    def __init__(self):
        self.records = []
        self._changed = threading.Condition()

    def state_saved(self, record):
        with self._changed:
            self.records.append(record)
            self._changed.notify_all()

    def wait_for(self, number):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.records) >= number, 20)
            return self.records


class Kept:
    """A counter whose state is kept in ``folder``."""

    def __init__(self, folder):
        self.state = StateLifecycle(FileStore(folder), KEY, StatePolicy(interval_s=3600))
        self.user = self.state.restore(Counter) or Counter()
        self.state.check(self.user)
        self.executor = Executor()
        self.executor.start()
        self.service = ComponentService(Unit(ComponentAdapter(self.user), self.executor, user=self.user))
        self.saves = Saves()
        self.service.attach([self.saves])
        self.state.start(self.user, self.executor, self.service.state_saved)

    def save(self):
        """As SIGUSR1 does; the record of it."""
        told = len(self.saves.records)
        self.state.request()
        return self.saves.wait_for(told + 1)[told]

    def finish(self, within_s=5.0):
        return self.state.finish(time.monotonic() + within_s)


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path / "state")
    yield kept
    assert kept.executor.stop(WAIT_S)


def test_observers_are_told_of_every_attempt(kept):
    first = kept.save()
    assert first.error is None
    assert first.blob_bytes > 100
    assert first.wrote_s > 0 < first.paused_s
    unchanged = kept.save()
    assert (unchanged.error, unchanged.blob_bytes, unchanged.wrote_s) == (None, 0, 0.0)
    assert kept.finish()
    assert len(kept.saves.records) == 3


def test_when_the_newest_version_is_damaged_the_one_before_is_made_the_newest_again(kept, tmp_path):
    kept.user.count = 7
    kept.save()
    kept.finish()
    store = FileStore(tmp_path / "state")
    store.save(KEY, b"SELDONST", expected=1, keep=3)
    again = Kept(tmp_path / "state")
    assert again.user.count == 7
    assert again.finish()
    assert store.versions(KEY) == [3, 2, 1]
    assert unseal(store.load(KEY).blob, KEY).header.class_path == f"{__name__}:Counter"
    assert again.executor.stop(WAIT_S)


def test_a_store_that_fails_degrades_the_service_until_it_works_again(kept, tmp_path):
    shutil.rmtree(tmp_path / "state")  # it was made at the start
    (tmp_path / "state").write_text("no folder")
    assert "StoreError" in kept.save().error
    assert "StoreError" in kept.service.degraded["state"]
    (tmp_path / "state").unlink()
    assert kept.saves.wait_for(2)[1].error is None  # tried again
    assert kept.service.degraded == {}
    assert kept.finish()


def test_an_object_that_cannot_be_pickled_any_more_degrades_it_too(kept, caplog):
    kept.user.lock = threading.Lock()
    assert "self.lock (lock) cannot be pickled" in kept.save().error
    assert "state" in kept.service.degraded
    assert not kept.finish(0.3)
    assert "the last state was not saved: self.lock (lock) cannot be pickled" in caplog.text
    assert len(kept.saves.records) > 1


def test_a_component_that_never_ends_its_call_is_an_attempt_too(kept):
    stuck = threading.Event()
    kept.executor.submit(lambda: stuck.wait(WAIT_S))
    assert not kept.finish(0.1)
    assert "did not end" in kept.saves.records[0].error
    stuck.set()
    kept.saves.wait_for(2)
