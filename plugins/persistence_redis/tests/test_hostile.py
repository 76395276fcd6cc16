"""Foreign or damaged entries in Redis are errors or ignored, and Redis may be killed at any moment."""

from __future__ import annotations

import random
import threading
import time

import pytest

from seldon_runtime.plugin import StoreError

KEY = "persistence_0_0_unit"


@pytest.fixture
def server(start_redis):
    return start_redis()


@pytest.fixture
def store(server, connect):
    return connect(server)


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "1e3", "\u0661", "1 "])
def test_a_counter_that_is_not_a_number_is_an_error_and_nothing_changes(server, store, text):
    store.save(KEY, b"1", expected=0, keep=3)
    server.command("SET", f"{KEY}:version", text)
    for action in (
        lambda: store.load(KEY),
        lambda: store.versions(KEY),
        lambda: store.save(KEY, b"2", expected=1, keep=3),
    ):
        with pytest.raises(StoreError, match=rf"{KEY}:version holds b'.*', expected a number"):
            action()
    assert server.command("GET", KEY) == b"1"


def test_a_key_that_without_a_string_is_an_error_and_stays_unchanged(server, store):
    server.command("RPUSH", KEY, "mine")
    with pytest.raises(StoreError, match=f"{KEY} must hold a string"):
        store.load(KEY)
    assert store.all_keys() == []
    assert server.command("LRANGE", KEY, 0, -1) == [b"mine"]


def test_a_counter_without_a_string_is_an_error(server, store):
    store.save(KEY, b"1", expected=0, keep=3)
    server.command("DEL", f"{KEY}:version")
    server.command("RPUSH", f"{KEY}:version", "mine")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        store.save(KEY, b"2", expected=1, keep=3)


def test_keys_of_others_are_not_listed(server, store):
    store.save(KEY, b"1", expected=0, keep=3)
    store.save(KEY, b"2", expected=1, keep=3)
    server.command("SET", b"persistence_\xff\xfe", "no text")
    server.command("SET", "other", "x")
    server.command("HSET", "persistence_hash", "a", "b")
    assert store.all_keys() == [KEY]


def test_a_key_that_is_not_valid_text_is_an_error(store):
    with pytest.raises(StoreError, match="UnicodeEncodeError"):
        store.load("persistence_\udcff")


def test_a_state_larger_than_redis_accepts_is_an_error_and_nothing_is_lost(start_redis, connect):
    server = start_redis("--proto-max-bulk-len", "1mb")
    store = connect(server)
    store.save(KEY, b"1", expected=0, keep=3)
    with pytest.raises(StoreError, match=rf":{server.port}: ConnectionError"):
        store.save(KEY, bytes(5_000_000), expected=1, keep=3)
    assert store.load(KEY).blob == b"1"
    assert store.save(KEY, b"2", expected=1, keep=3) == 2


def test_a_server_killed_at_any_moment_leaves_whole_versions(start_redis, connect):
    """With an append-only file, which a server that keeps state needs."""
    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    store = connect(server, redis_timeout=5)
    version = 0
    for _ in range(15):
        began = time.monotonic()
        version = store.save(KEY, b"%d" % (version % 10) * 1_000_000, expected=version, keep=3)
        took_s = time.monotonic() - began
        killer = threading.Timer(random.uniform(0, 2 * took_s), server.stop)
        killer.start()
        known = version
        try:
            while True:
                known = store.save(KEY, b"%d" % (known % 10) * 1_000_000, expected=known, keep=3)
        except StoreError:
            killer.join()
        server.start()
        version = whole(store)
        assert version - known in (0, 1)


def whole(store):
    """Return the newest version; assert that all versions are complete."""
    while True:
        try:
            versions = store.versions(KEY)
            break
        except StoreError as error:  # it loads its file first
            if "BusyLoading" not in str(error):
                raise
    for version in versions:
        assert store.load(KEY, version).blob == b"%d" % ((version - 1) % 10) * 1_000_000
    return versions[0]
