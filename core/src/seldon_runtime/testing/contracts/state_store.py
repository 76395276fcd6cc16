"""The contract suite of state stores."""

from __future__ import annotations

import secrets
import threading
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from seldon_runtime.persistence.store import STATE_KEY_PREFIX, StateConflict, StateStore
from seldon_runtime.testing.state_processes import StateProcessContract


class StateStoreContract(StateProcessContract):
    """The contract of state stores. Subclass it as ``TestMyStore`` and define :meth:`open_store`."""

    @abstractmethod
    def open_store(self) -> StateStore:
        """Return a new store object on the same, real place, so that one loads what another saves."""

    @pytest.fixture
    def store(self) -> Iterator[StateStore]:
        """A store, closed after the test."""
        store = self.open_store()
        yield store
        store.close()

    @pytest.fixture
    def key(self, store: StateStore) -> Iterator[str]:
        """A key of this test alone; deleted after it."""
        key = f"{STATE_KEY_PREFIX}contract_{secrets.token_hex(4)}_Unit-1.a~%20"
        yield key
        store.delete(key)

    def test_a_key_that_was_never_saved_holds_nothing(self, store: StateStore, key: str) -> None:
        assert store.load(key) is None
        assert store.load(key, 1) is None
        assert store.versions(key) == []
        assert key not in store.all_keys()

    def test_what_is_saved_is_loaded_byte_by_byte(self, store: StateStore, key: str) -> None:
        blob = bytes(range(256)) * 5
        version = store.save(key, blob, expected=0, keep=3)
        stored = store.load(key)
        assert stored is not None
        assert (stored.version, stored.blob) == (version, blob)
        assert key in store.all_keys()

    def test_a_memoryview_is_saved_as_its_bytes(self, store: StateStore, key: str) -> None:
        store.save(key, memoryview(bytes(100_000)), expected=0, keep=3)
        stored = store.load(key)
        assert stored is not None
        assert stored.blob == bytes(100_000)

    def test_another_store_object_sees_it(self, store: StateStore, key: str) -> None:
        store.save(key, b"seen", expected=0, keep=3)
        other = self.open_store()
        found = other.load(key)
        other.close()
        assert found is not None
        assert found.blob == b"seen"

    def test_megabytes_are_kept(self, store: StateStore, key: str) -> None:
        blob = secrets.token_bytes(8 * 1024 * 1024)
        store.save(key, blob, expected=0, keep=1)
        stored = store.load(key)
        assert stored is not None
        assert stored.blob == blob

    def test_the_last_versions_are_kept_newest_first(self, store: StateStore, key: str) -> None:
        version = 0
        saved: list[int] = []
        for number in range(5):
            version = store.save(key, b"%d" % number, expected=version, keep=3)
            saved.insert(0, version)
        assert saved == sorted(saved, reverse=True)
        assert store.versions(key) == saved[:3]
        found = [store.load(key, v) for v in saved]
        assert [f and f.blob for f in found] == [b"4", b"3", b"2", None, None]

    def test_fewer_versions_are_kept_when_asked(self, store: StateStore, key: str) -> None:
        version = 0
        for keep in (4, 4, 4, 4, 2):
            version = store.save(key, b"x", expected=version, keep=keep)
        assert len(store.versions(key)) == 2

    def test_an_outdated_writer_changes_nothing(self, store: StateStore, key: str) -> None:
        first = store.save(key, b"first", expected=0, keep=3)
        second = store.save(key, b"second", expected=first, keep=3)
        with pytest.raises(StateConflict) as conflict:
            store.save(key, b"late", expected=first, keep=3)
        assert conflict.value.found == second
        with pytest.raises(StateConflict):
            store.save(key, b"late", expected=0, keep=3)
        stored = store.load(key)
        assert stored is not None
        assert stored.blob == b"second"
        assert store.versions(key) == [second, first]

    def test_a_writer_without_expectation_always_saves(self, store: StateStore, key: str) -> None:
        first = store.save(key, b"first", expected=None, keep=3)
        assert store.save(key, b"second", expected=None, keep=3) > first

    def test_a_store_that_lost_everything_is_filled_again(self, store: StateStore, key: str) -> None:
        version = store.save(key, b"first", expected=0, keep=3)
        store.delete(key)
        assert store.save(key, b"second", expected=version, keep=3) > version

    def test_of_many_writers_at_once_one_wins_each_version(self, store: StateStore, key: str) -> None:
        version = store.save(key, b"start", expected=0, keep=3)
        stores = [self.open_store() for _ in range(4)]
        together = threading.Barrier(len(stores))

        def race(number: int) -> int | None:
            together.wait(10)
            try:
                return stores[number].save(key, b"%d" % number, expected=version, keep=3)
            except StateConflict:
                return None

        with ThreadPoolExecutor(len(stores)) as pool:
            results = list(pool.map(race, range(len(stores))))
        for other in stores:
            other.close()
        winners = [number for number, result in enumerate(results) if result is not None]
        assert len(winners) == 1
        stored = store.load(key)
        assert stored is not None
        assert (stored.version, stored.blob) == (results[winners[0]], b"%d" % winners[0])

    def test_a_reader_never_sees_half_a_blob(self, store: StateStore, key: str) -> None:
        version = store.save(key, b"0" * 300_000, expected=0, keep=2)
        reader = self.open_store()
        done = threading.Event()
        seen: set[tuple[int, int]] = set()

        def read() -> None:
            while not done.is_set():
                stored = reader.load(key)
                seen.add((len(stored.blob), len(set(stored.blob))) if stored else (0, 0))

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            for number in range(30):
                version = store.save(key, b"%d" % (number % 10) * 300_000, expected=version, keep=2)
            done.set()
            reading.result(30)
        reader.close()
        assert seen == {(300_000, 1)}

    def test_delete_removes_every_version(self, store: StateStore, key: str) -> None:
        version = store.save(key, b"1", expected=0, keep=3)
        store.save(key, b"2", expected=version, keep=3)
        store.delete(key)
        assert store.load(key) is None
        assert store.versions(key) == []
        assert key not in store.all_keys()
        store.delete(key)

    def test_keys_that_begin_alike_are_told_apart(self, store: StateStore, key: str) -> None:
        longer = key + "_conflict"
        store.save(longer, b"longer", expected=0, keep=3)
        assert store.load(key) is None
        assert store.versions(key) == []
        store.save(key, b"short", expected=0, keep=3)
        store.delete(key)
        stored = store.load(longer)
        store.delete(longer)
        assert stored is not None
        assert stored.blob == b"longer"

    def test_the_address_is_told(self, store: StateStore) -> None:
        assert store.address
