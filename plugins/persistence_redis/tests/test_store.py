"""State in a real Redis: the store contract, and the layout of the keys."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import StateConflict, StoreError
from seldon_runtime.testing import StateStoreContract
from seldon_runtime_persistence_redis.store import RedisStore

KEY = "persistence_0_0_unit"


class TestRedisStore(StateStoreContract):
    @pytest.fixture(autouse=True)
    def _of_server(self, shared_redis, connect):
        self.server, self.connect = shared_redis, connect

    def open_store(self):
        return self.connect(self.server)


def test_the_newest_version_is_a_plain_string_under_the_key_without_expiry(start_redis, connect):
    server = start_redis()
    store = connect(server)
    for version in range(5):
        store.save(KEY, b"blob%d" % version, expected=version, keep=3)
    assert server.command("TYPE", KEY) == b"string"
    assert server.command("TTL", KEY) == -1
    assert server.command("GET", KEY) == b"blob4"
    assert sorted(server.command("KEYS", "*")) == [
        name.encode() for name in (KEY, f"{KEY}:3", f"{KEY}:4", f"{KEY}:version")
    ]


def test_a_foreign_value_under_the_key_is_version_0_and_survives_the_next_save(start_redis, connect):
    server = start_redis()
    store = connect(server)
    server.command("SET", KEY, b"\x80pickle")
    stored = store.load(KEY)
    assert (stored.version, stored.blob) == (0, b"\x80pickle")
    assert store.versions(KEY) == [0]
    assert store.all_keys() == [KEY]
    assert store.save(KEY, b"new", expected=0, keep=3) == 1
    assert store.versions(KEY) == [1, 0]
    assert store.load(KEY, 0).blob == b"\x80pickle"


def test_an_error_of_a_stopped_server_names_its_address(start_redis, connect):
    server = start_redis()
    store = connect(server)
    server.stop()
    for action in (
        lambda: store.load(KEY),
        lambda: store.save(KEY, b"x", expected=0, keep=3),
        store.all_keys,
        lambda: store.delete(KEY),
        store.ping,
    ):
        with pytest.raises(StoreError, match=rf"redis 127.0.0.1:{server.port}: ConnectionError"):
            action()


def test_it_works_again_when_the_server_is_back(start_redis, connect):
    server = start_redis()
    store = connect(server)
    store.save(KEY, b"1", expected=0, keep=3)
    server.stop()
    server.start()
    assert store.load(KEY) is None
    assert store.save(KEY, b"2", expected=1, keep=3) == 2


def test_a_frozen_server_is_given_up_after_the_timeout(start_redis, connect):
    server = start_redis()
    store = connect(server, redis_timeout=0.2)
    store.save(KEY, b"1", expected=0, keep=3)
    server.freeze()
    with pytest.raises(StoreError, match="Timeout"):
        store.save(KEY, b"2", expected=1, keep=3)
    server.thaw()
    assert store.load(KEY).version in (1, 2)


def test_a_full_server_refuses_and_keeps_what_it_has(start_redis, connect):
    server = start_redis("--maxmemory-policy", "noeviction")
    store = connect(server)
    store.save(KEY, b"1", expected=0, keep=3)
    server.command("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreError, match="maxmemory"):
        store.save(KEY, b"2", expected=1, keep=3)
    assert store.load(KEY).blob == b"1"
    assert store.versions(KEY) == [1]
    server.command("CONFIG", "SET", "maxmemory", "0")
    assert store.save(KEY, b"2", expected=1, keep=3) == 2


def test_a_save_between_look_and_write_is_a_conflict(start_redis, connect, monkeypatch):
    server = start_redis()
    store, other = connect(server), connect(server)
    look = RedisStore._number

    def look_and_be_overtaken(self, client, key):
        found = look(self, client, key)
        monkeypatch.undo()
        other.save(KEY, b"other", expected=None, keep=3)
        return found

    monkeypatch.setattr(RedisStore, "_number", look_and_be_overtaken)
    with pytest.raises(StateConflict):
        store.save(KEY, b"late", expected=0, keep=3)
    assert store.load(KEY).blob == b"other"
