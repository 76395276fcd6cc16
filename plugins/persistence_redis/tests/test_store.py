"""State in a real Redis: the contract, and what is particular to Redis."""

from __future__ import annotations

import logging

import click
import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateConflict, StoreError
from seldon_runtime.testing import StateStoreContract
from seldon_runtime_persistence_redis import plugin
from seldon_runtime_persistence_redis.store import RedisStore

KEY = "persistence_0_0_unit"


def settings_of(environment, persistence="redis"):
    command = click.Command("test", params=list(plugin.seldon_options()))
    words = [f"--{name}={value}" for name, value in environment.items()]
    return Settings({**command.make_context("test", words).params, "persistence": persistence})


@pytest.fixture
def connect():
    """``connect(server, **options)``: a store, by the plugin's own settings."""
    stores = []

    def connect(server=None, **options):
        given = {name.replace("_", "-"): value for name, value in options.items()}
        if server is not None:
            given = {"redis-host": "127.0.0.1", "redis-port": server.port} | given
        stores.append(RedisStore.of(settings_of(given)))
        return stores[-1]

    yield connect
    for store in stores:
        store.close()


class TestRedisStore(StateStoreContract):
    @pytest.fixture(autouse=True)
    def _of_server(self, shared_redis):
        self.server = shared_redis

    def open_store(self):
        return RedisStore.of(settings_of({"redis-host": "127.0.0.1", "redis-port": self.server.port}))


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


def test_what_another_program_stored_under_the_key_is_version_0_and_survives_the_next_save(
    start_redis, connect
):
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


def test_a_server_that_is_down_is_told_with_its_address(start_redis, connect):
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


def test_a_password_in_the_url_is_used_and_never_shown(start_redis, connect):
    server = start_redis("--requirepass", "hush-hush")
    with_password = connect(redis_url=f"redis://:hush-hush@127.0.0.1:{server.port}/0")
    with_password.save(KEY, b"1", expected=0, keep=3)
    assert "hush" not in with_password.address
    with pytest.raises(StoreError, match=r"Authentication|NOAUTH") as refused:
        connect(redis_url=f"redis://:wrong-one@127.0.0.1:{server.port}/0").load(KEY)
    assert "wrong-one" not in str(refused.value)


def test_a_unix_socket_is_reached_by_url(start_redis, connect):
    server = start_redis()
    store = connect(redis_url=f"unix://{server.socket}")
    store.save(KEY, b"1", expected=0, keep=3)
    assert connect(server).load(KEY).blob == b"1"
    assert store.address == f"redis {server.socket}"


def test_the_master_is_found_through_a_sentinel(start_redis, connect):
    server = start_redis()
    watcher = start_redis(monitor=server)
    store = connect(redis_sentinels=f"127.0.0.1:{watcher.port}")
    store.save(KEY, b"1", expected=0, keep=3)
    assert connect(server).load(KEY).blob == b"1"
    assert store.address == f"redis service mymaster of 127.0.0.1:{watcher.port}"


def test_a_url_that_is_none_is_refused_without_showing_it():
    with pytest.raises(StartupError, match="REDIS_URL is no address") as refused:
        RedisStore.of(settings_of({"redis-url": "http://user:hush@host"}))
    assert "hush" not in str(refused.value)


def test_sentinels_without_port_are_refused():
    with pytest.raises(click.BadParameter, match="'only-host' is no address; expected host:port"):
        settings_of({"redis-sentinels": "only-host"})


class TestTheBareSwitch:
    """PERSISTENCE=1 stands in images that never had a Redis."""

    @pytest.fixture
    def nowhere(self, start_redis):
        server = start_redis()
        server.stop()
        return {"redis-port": server.port}

    def test_without_an_address_and_a_server_state_is_not_kept_and_the_log_says_so(self, nowhere, caplog):
        assert plugin.seldon_state_store(settings_of(nowhere, persistence="1")) is None
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert "STATE IS NOT KEPT" in caplog.text

    @pytest.mark.parametrize(
        ("more", "persistence"),
        [({"redis-host": "127.0.0.1"}, "1"), ({"redis-url": "redis://127.0.0.1:1"}, "1"), ({}, "redis")],
    )
    def test_with_an_address_or_the_name_the_core_decides(self, nowhere, more, persistence):
        store = plugin.seldon_state_store(settings_of(nowhere | more, persistence=persistence))
        assert store is not None
        store.close()

    def test_a_server_at_the_default_address_is_used(self, shared_redis):
        store = plugin.seldon_state_store(settings_of({"redis-port": shared_redis.port}, persistence="1"))
        assert store is not None
        store.close()


def test_a_save_between_look_and_write_is_a_conflict(start_redis, connect, monkeypatch):
    server = start_redis()
    store, other = connect(server), connect(server)
    look = RedisStore._number

    def look_and_be_overtaken(client, key):
        found = look(client, key)
        monkeypatch.undo()
        other.save(KEY, b"other", expected=None, keep=3)
        return found

    monkeypatch.setattr(RedisStore, "_number", staticmethod(look_and_be_overtaken))
    with pytest.raises(StateConflict):
        store.save(KEY, b"late", expected=0, keep=3)
    assert store.load(KEY).blob == b"other"
