"""State of real processes: kept, restored, refused. With the file store; Redis has its own tests."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.file_store import FileStore

Start = Callable[..., Any]

KEY = "persistence_0_0_0"
SECRET = "correct horse battery staple"
TALLY = """
    class Tally:
        def __init__(self, start=0, push_frequency=None):
            self.count = start
            self.loads = 0
        def load(self):
            self.loads += 1
        def predict(self, X, features_names):
            self.count += 1
            return [[self.count, self.loads]]
"""
REQUEST = {"data": {"ndarray": [[0]]}}


def count(server: Any) -> int:
    """One more prediction: the number that it is."""
    return server.post("/predict", REQUEST).json["data"]["ndarray"][0][0]


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "seldon-state")


@pytest.fixture
def tally(seldon_run: Start) -> Start:
    """Starts the class Tally with the file store; what was learned is in the test's own folder."""

    def start(*words: str, source: str = TALLY, **keywords: Any) -> Any:
        return seldon_run("Tally", "REST", "--persistence", "file", *words, source=source, **keywords)

    return start


def until(condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """What ``condition`` gives when it gives anything true, asked again and again."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


# when


def test_sigterm_loses_nothing_and_the_constructor_is_not_called_again(tally: Start) -> None:
    first = tally()
    assert [count(first) for _ in range(3)] == [1, 2, 3]
    assert first.stop() == 0
    second = tally("--parameters", '[{"name": "start", "value": "100", "type": "INT"}]')
    assert count(second) == 4
    assert "restored version 1 of the state persistence_0_0_0" in second.log


def test_load_runs_after_a_restore_too(tally: Start) -> None:
    tally().stop()
    second = tally()
    assert second.post("/predict", REQUEST).json["data"]["ndarray"] == [[1, 2]]


def test_a_call_that_is_still_running_at_sigterm_is_in_the_last_save(tally: Start, gate: Any) -> None:
    source = TALLY.replace("self.count += 1", f"{gate.pass_}; self.count += 1")
    first = tally(source=source)
    call = threading.Thread(target=lambda: first.post("/predict", REQUEST))
    call.start()
    gate.wait_until_reached()
    first.terminate()
    first.wait_for_log("draining")
    gate.open()
    assert first.wait() == 0
    call.join()
    assert count(tally()) == 2


def test_state_is_saved_every_interval_but_only_when_it_has_changed(tally: Start, store: FileStore) -> None:
    server = tally("--persistence-interval", "0.1", "--log-level", "DEBUG")
    until(lambda: store.versions(KEY) == [1])
    version = store.versions(KEY)[0]
    for _ in range(3):
        count(server)
        version = until(lambda old=version: store.versions(KEY)[0] > old and store.versions(KEY)[0])
    until(lambda: len(store.versions(KEY)) == 3)  # the oldest goes after the newest has come
    saves = until(lambda: (n := server.log.count("DEBUG seldon_runtime.saver: saved")) == 4 and n)
    unchanged = server.log.count("DEBUG seldon_runtime.saver: unchanged")
    until(lambda: server.log.count("DEBUG seldon_runtime.saver: unchanged") >= unchanged + 3)
    assert server.log.count("DEBUG seldon_runtime.saver: saved") == saves


def test_sigusr1_saves_at_once(tally: Start, store: FileStore) -> None:
    server = tally()
    count(server)
    server.process.send_signal(signal.SIGUSR1)
    until(lambda: store.versions(KEY))
    server.kill()
    assert count(tally()) == 2


def test_sigusr1_without_persistence_does_nothing(seldon_run: Start) -> None:
    server = seldon_run("Tally", "REST", source=TALLY)
    server.process.send_signal(signal.SIGUSR1)
    assert count(server) == 1


def test_the_old_parameter_push_frequency_sets_the_interval(tally: Start) -> None:
    server = tally("--parameters", '[{"name": "push_frequency", "value": "7", "type": "INT"}]')
    server.wait_for_log(r"every 7 s when changed")


# what cannot be kept


def test_what_cannot_be_pickled_stops_the_start_and_is_named(tally: Start) -> None:
    source = TALLY.replace("self.loads = 0", "self.loads = 0; self.models = {'a': [1, (x for x in [])]}")
    server = tally(source=source, wait=False)
    assert server.wait() == 3
    assert "self.models['a'][1] (generator) cannot be pickled" in server.log
    assert "__getstate__" in server.log


def test_what_cannot_be_pickled_later_degrades_and_is_saved_when_it_can_again(
    tally: Start, store: FileStore
) -> None:
    source = TALLY.replace(
        "self.count += 1", "self.count += 1; self.bad = (x for x in []) if X == 'bad' else None"
    )
    server = tally("--persistence-interval", "0.1", source=source)
    server.post("/predict", {"strData": "bad"})
    server.wait_for_log(r"self\.bad \(generator\) cannot be pickled")
    until(lambda: server.get("/health/ready").json == {"ready": True, "degraded": ["state"]})
    assert server.get("/health/status").status == 200
    count(server)
    until(lambda: server.get("/health/ready").json == {"ready": True})


# what is refused


def test_state_of_another_class_is_refused_and_left_as_it_is(
    tally: Start, seldon_run: Start, store: FileStore
) -> None:
    tally().stop()
    before = store.load(KEY)
    other = seldon_run(
        "Other", "REST", "--persistence", "file", source=TALLY.replace("Tally", "Other"), wait=False
    )
    assert other.wait() == 3
    assert "is of the class Tally:Tally, not Other:Other" in other.log
    assert store.load(KEY) == before


def test_state_of_another_version_of_the_class_is_refused_and_left_as_it_is(
    tally: Start, store: FileStore
) -> None:
    tally().stop()
    before = store.load(KEY)
    newer = tally(source=TALLY.replace("def load", "state_version = 2\n        def load"), wait=False)
    assert newer.wait() == 3
    assert "is of state_version None, while Tally:Tally has 2" in newer.log
    assert store.load(KEY) == before


def test_of_a_damaged_version_a_copy_is_kept_and_the_one_before_is_restored(
    tally: Start, store: FileStore
) -> None:
    first = tally("--persistence-interval", "0.1")
    until(lambda: store.versions(KEY))
    count(first)
    until(lambda: len(store.versions(KEY)) == 2)
    first.stop()
    newest = store.load(KEY)
    assert newest is not None
    damaged = newest.blob[:-40] + b"?" + newest.blob[-39:]
    version = store.save(KEY, damaged, expected=newest.version, keep=3)
    second = tally()
    assert f"version {version} of the state {KEY} is damaged: its checksum is wrong" in second.log
    assert count(second) == 2
    second.stop()
    copy = store.load(f"{KEY}_corrupt")
    assert copy is not None
    assert copy.blob == damaged
    assert count(tally()) == 3


def test_without_a_whole_version_the_start_is_refused_until_the_state_is_deleted(
    tally: Start, store: FileStore
) -> None:
    store.save(KEY, b"SELDONST\0\1\0\0cut short", expected=0, keep=3)
    for _ in range(2):
        server = tally(wait=False)
        assert server.wait() == 3
        assert "seldon-run state delete" in server.log
    assert store.versions(f"{KEY}_corrupt") == [1]


def test_one_process_with_several_workers_or_threads_is_refused() -> None:
    from seldon_runtime.errors import StartupError
    from seldon_runtime.settings import Settings
    from seldon_runtime.state_options import policy_from

    with pytest.raises(StartupError, match=r"2 worker processes .* Set --workers 1"):
        policy_from(Settings({"workers": 2}), {})
    with pytest.raises(StartupError, match=r"4 component threads .* Set --threads 1"):
        policy_from(Settings({"threads": 4}), {})


# who may write


class Forged:
    """A pickle that makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


def forge(store: FileStore, file: Path) -> None:
    """An envelope like the runtime's own around a pickle that is not."""
    from seldon_runtime.envelope import Header, seal

    payload = pickle.dumps(Forged(file))
    header = Header(KEY, "Tally:Tally", None, time.time(), "forged", "0.1.0")
    store.save(KEY, seal(header, payload), expected=None, keep=3)


def test_a_forged_state_runs_code_without_a_key(tally: Start, store: FileStore, tmp_path: Path) -> None:
    """So that the next test can fail."""
    forge(store, tmp_path / "forged")
    server = tally(wait=False)
    assert server.wait() == 3
    assert (tmp_path / "forged").exists()
    assert "PERSISTENCE_SECRET_KEY is not set" in server.log


def test_with_a_key_a_forged_state_is_never_unpickled(tally: Start, store: FileStore, tmp_path: Path) -> None:
    forge(store, tmp_path / "forged")
    before = store.load(KEY)
    server = tally(wait=False, env={"PERSISTENCE_SECRET_KEY": SECRET})
    assert server.wait() == 3
    assert not (tmp_path / "forged").exists()
    assert "is not signed, but PERSISTENCE_SECRET_KEY is set" in server.log
    assert store.load(KEY) == before


def test_an_old_pickle_is_never_unpickled_unasked(tally: Start, store: FileStore, tmp_path: Path) -> None:
    store.save(KEY, pickle.dumps(Forged(tmp_path / "forged")), expected=None, keep=3)
    server = tally(wait=False)
    assert server.wait() == 3
    assert not (tmp_path / "forged").exists()
    assert "seldon-run state import" in server.log


def test_with_a_key_state_is_signed_and_restored_and_no_other_key_reads_it(tally: Start) -> None:
    key = {"PERSISTENCE_SECRET_KEY": SECRET}
    first = tally(env=key)
    count(first)
    first.stop()
    second = tally(env=key)
    assert count(second) == 2
    assert SECRET not in first.log + second.log
    second.stop()
    other = tally(env={"PERSISTENCE_SECRET_KEY": SECRET + "!"}, wait=False)
    assert other.wait() == 3
    assert "is not signed with this PERSISTENCE_SECRET_KEY" in other.log
    without = tally(wait=False)
    assert without.wait() == 3
    assert "is signed, but PERSISTENCE_SECRET_KEY is not set" in without.log


def test_a_required_signature_needs_a_key(tally: Start) -> None:
    server = tally(env={"PERSISTENCE_REQUIRE_SIGNATURE": "1"}, wait=False)
    assert server.wait() == 3
    assert "PERSISTENCE_SECRET_KEY is not" in server.log


# two processes


def test_the_second_of_two_writers_serves_on_and_overwrites_nothing(tally: Start, store: FileStore) -> None:
    first, second = tally(), tally()
    count(first)
    first.process.send_signal(signal.SIGUSR1)
    until(lambda: store.versions(KEY) == [1])
    assert [count(second) for _ in range(5)] == [1, 2, 3, 4, 5]
    second.process.send_signal(signal.SIGUSR1)
    second.wait_for_log(r"ERROR .*is at version 1, expected 0: another process saved it")
    until(lambda: second.get("/health/ready").json == {"ready": True, "degraded": ["state"]})
    assert count(second) == 6
    assert second.stop() == 0
    assert first.stop() == 0
    assert store.versions(KEY) == [1]
    assert store.versions(f"{KEY}_conflict")
    assert count(tally()) == 2
