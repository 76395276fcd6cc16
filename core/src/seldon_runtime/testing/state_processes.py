"""The tests of a state store with several processes, some of which are killed."""

from __future__ import annotations

import os
import random
import select
import signal
import struct
import time
import traceback
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seldon_runtime.persistence.store import StateConflict, StateStore

_NUMBER = struct.Struct(">Q")
_KILLS = 25
_PATIENCE_S = 30.0
_WRITERS = 3
_ADDITIONS = 15


class StateProcessContract:
    """The part of :class:`seldon_runtime.testing.StateStoreContract` that forks processes.

    Each process opens a store of its own.
    """

    @abstractmethod
    def open_store(self) -> StateStore:
        """Return a new store object on the same, real place."""

    def test_a_writer_killed_at_any_moment_leaves_only_whole_versions(
        self, store: StateStore, key: str
    ) -> None:
        for _ in range(_KILLS):
            acknowledged = _killed_while_saving(self.open_store, key)
            versions = store.versions(key)
            assert versions[0] - acknowledged in (0, 1), "expected the acknowledged version, or the next"
            for version in versions:
                stored = store.load(key, version)
                assert stored is not None
                assert stored.blob == _blob(version)

    def test_of_many_processes_no_save_undoes_another(self, store: StateStore, key: str) -> None:
        store.save(key, _NUMBER.pack(0), expected=0, keep=3)

        def add() -> None:
            own = self.open_store()
            for _ in range(_ADDITIONS):
                while not _added(own, key):
                    pass

        writers = [_fork(add) for _ in range(_WRITERS)]
        assert [os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers] == [0] * _WRITERS
        stored = store.load(key)
        assert stored is not None
        assert _NUMBER.unpack(stored.blob) == (_WRITERS * _ADDITIONS,)


def _added(store: StateStore, key: str) -> bool:
    stored = store.load(key)
    assert stored is not None
    (number,) = _NUMBER.unpack(stored.blob)
    try:
        store.save(key, _NUMBER.pack(number + 1), expected=stored.version, keep=3)
    except StateConflict:
        return False
    return True


def _blob(version: int) -> bytes:
    """Return a megabyte that repeats its version: large enough for a kill in the middle of a save."""
    return _NUMBER.pack(version) * 125_000


def _killed_while_saving(open_store: Callable[[], StateStore], key: str) -> int:
    """Kill a process that saves one version after the other; return its last acknowledged version."""
    with _pipe() as (reads, writes):

        def save_for_ever() -> None:
            own = open_store()
            version = max(own.versions(key), default=0)
            while True:
                try:
                    version = own.save(key, _blob(version + 1), expected=version, keep=3)
                except StateConflict as conflict:  # the killed process's save was still under way
                    version = conflict.found
                else:
                    os.write(writes, _NUMBER.pack(version))

        writer = _fork(save_for_ever)
        os.close(writes)
        try:
            for _ in range(random.randint(1, 3)):
                began = time.monotonic()
                last = _read(reads)
                took_s = time.monotonic() - began
            time.sleep(random.uniform(0, took_s))  # any moment of the next save
        finally:
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
        while more := _read(reads):
            last = more
        (version,) = _NUMBER.unpack(last)
        return int(version)


def _read(descriptor: int) -> bytes:
    assert select.select([descriptor], [], [], _PATIENCE_S)[0], "nothing is saved"
    return os.read(descriptor, _NUMBER.size)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Open a pipe until the block ends, and yield both ends; the block closes the writing end."""
    reads, writes = os.pipe()
    try:
        yield reads, writes
    finally:
        os.close(reads)


def _fork(work: Callable[[], None]) -> int:
    """Fork a process that runs ``work`` and exits, with 1 if it raised; return its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytest may have threads; the child starts none
        child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing of the parent must run here
        traceback.print_exc()
    os._exit(1)
