"""Connections to Redis: password and rights, socket, TLS, sentinels."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from seldon_runtime.plugin import StoreError
from seldon_runtime_persistence_redis.connection import client_from

KEY = "persistence_0_0_unit"
RIGHTS = (
    "~persistence_* +hello +auth +select +ping +get +mget +exists +scan"
    " +watch +unwatch +multi +exec +set +rename +unlink"
)
"""The rights that docs/reference/state.md lists for the Redis user."""


def is_used(store):
    """Use every method of the store and return True."""
    for number in range(3):
        assert store.save(KEY, b"%d" % number, expected=number, keep=2) == number + 1
    assert store.load(KEY).blob == b"2"
    assert store.load(KEY, 2).blob == b"1"
    assert store.versions(KEY) == [3, 2]
    assert store.all_keys() == [KEY]
    store.delete(KEY)
    assert store.load(KEY) is None
    return True


# addresses


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({"redis_host": "::1", "redis_port": 7}, "redis [::1]:7"),
        ({"redis_url": "redis://[::1]:7/0"}, "redis [::1]:7"),
        ({"redis_sentinels": "[::1]:7,localhost:8"}, "redis service mymaster of [::1]:7, localhost:8"),
        ({"redis_host": "redis"}, "redis redis:6379"),
    ],
)
def test_an_ipv6_host_stands_in_brackets(options, address, settings):
    assert client_from(settings(**options))[1] == address


# password and rights


def test_a_password_in_the_url_is_used_and_never_shown(start_redis, connect):
    server = start_redis("--requirepass", "hush-hush")
    with_password = connect(redis_url=f"redis://:hush-hush@127.0.0.1:{server.port}/0")
    assert is_used(with_password)
    assert "hush" not in with_password.address
    with pytest.raises(StoreError, match=r"Authentication|NOAUTH") as refused:
        connect(redis_url=f"redis://:wrong-one@127.0.0.1:{server.port}/0").load(KEY)
    assert "wrong-one" not in str(refused.value)


@pytest.mark.parametrize("through_sentinel", [False, True])
def test_the_url_cannot_turn_state_into_text(settings, through_sentinel):
    options = {"redis_sentinels": "127.0.0.1:1"} if through_sentinel else {}
    client, _ = client_from(settings(redis_url="redis://h?decode_responses=true", **options))
    assert client.connection_pool.connection_kwargs["decode_responses"] is False


def test_a_user_with_the_documented_rights_and_no_others_will_do(start_redis, connect):
    server = start_redis()
    server.command("ACL", "SETUSER", "seldon", "on", ">hush-hush", "-@all", *RIGHTS.split())
    assert is_used(connect(redis_url=f"redis://seldon:hush-hush@127.0.0.1:{server.port}/0"))


def test_the_documented_rights_are_these():
    page = Path(__file__).parents[3] / "docs" / "reference/state.md"
    assert RIGHTS in " ".join(page.read_text().split())


def test_a_user_without_rights_to_the_key_is_an_error(start_redis, connect):
    server = start_redis()
    server.command("ACL", "SETUSER", "other", "on", ">hush-hush", "~other_*", "+@all")
    store = connect(redis_url=f"redis://other:hush-hush@127.0.0.1:{server.port}/0")
    for action in (lambda: store.load(KEY), lambda: store.save(KEY, b"x", expected=0, keep=3)):
        with pytest.raises(StoreError, match=r"NoPermission|NOPERM"):
            action()


def test_another_database_is_another_place(start_redis, connect):
    server = start_redis()
    connect(redis_url=f"redis://127.0.0.1:{server.port}/3").save(KEY, b"x", expected=0, keep=3)
    assert connect(server).load(KEY) is None


# socket


def test_a_unix_socket_is_reached_by_url(start_redis, connect):
    server = start_redis()
    store = connect(redis_url=f"unix://{server.socket}")
    assert is_used(store)
    assert store.address == f"redis {server.socket}"


# TLS


def test_tls_is_used_and_the_certificate_checked(start_redis, connect, certificates):
    server = start_redis(tls=certificates)
    assert is_used(connect(redis_url=f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={certificates['ca']}"))
    with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(redis_url=f"rediss://127.0.0.1:{server.port}/0").load(KEY)


def test_a_certificate_for_another_host_is_refused(start_redis, connect, certificates):
    server = start_redis(tls=certificates)
    url = f"rediss://localhost:{server.port}/0?ssl_ca_certs={certificates['ca']}"
    with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(redis_url=url).load(KEY)
    assert connect(redis_url=f"{url}&ssl_check_hostname=false").load(KEY) is None


def test_plain_text_to_a_tls_server_is_an_error(start_redis, connect, certificates):
    with pytest.raises(StoreError, match="ConnectionError"):
        connect(start_redis(tls=certificates)).load(KEY)


# sentinels


def test_the_master_is_found_through_a_sentinel(start_redis, connect):
    server = start_redis()
    watcher = start_redis(monitor=server)
    store = connect(redis_sentinels=f"127.0.0.1:1,127.0.0.1:{watcher.port}")
    assert is_used(store)
    assert store.address == f"redis service mymaster of 127.0.0.1:1, 127.0.0.1:{watcher.port}"


def test_master_and_sentinel_may_have_passwords(start_redis, connect):
    server = start_redis("--requirepass", "of-the-master")
    watcher = start_redis("--requirepass", "of-the-sentinel", monitor=server)
    given = {
        "redis_sentinels": f"127.0.0.1:{watcher.port}",
        "redis_url": "redis://:of-the-master@/0",
        "redis_sentinel_password": "of-the-sentinel",
    }
    client = watcher.client(password="of-the-sentinel")
    client.execute_command("SENTINEL", "SET", "mymaster", "auth-pass", "of-the-master")
    client.close()
    assert is_used(connect(**given))
    with pytest.raises(StoreError):
        connect(**{**given, "redis_sentinel_password": "wrong"}).load(KEY)


def test_sentinels_are_asked_over_tls_when_the_url_says_so(start_redis, connect, certificates):
    server = start_redis(tls=certificates)
    watcher = start_redis(monitor=server, tls=certificates)
    given = {"redis_sentinels": f"127.0.0.1:{watcher.port}"}
    assert is_used(connect(redis_url=f"rediss://?ssl_ca_certs={certificates['ca']}", **given))
    with pytest.raises(StoreError):
        connect(redis_url="redis://", **given).load(KEY)


def test_without_any_sentinel_the_error_names_them(start_redis, connect):
    server = start_redis()
    server.stop()
    with pytest.raises(StoreError, match=rf"service mymaster of 127\.0\.0\.1:{server.port}: MasterNotFound"):
        connect(redis_sentinels=f"127.0.0.1:{server.port}").load(KEY)


def test_after_a_failover_the_new_master_is_found(start_redis, connect):
    master = start_redis()
    replica = start_redis("--replicaof", f"127.0.0.1 {master.port}")
    watcher = start_redis(monitor=master)
    store = connect(redis_sentinels=f"127.0.0.1:{watcher.port}", redis_timeout=1)
    store.save(KEY, b"1", expected=0, keep=3)
    master.command("WAIT", "1", "10000")
    replicas(watcher)
    master.stop()
    deadline = time.monotonic() + 30
    while True:
        try:
            assert store.save(KEY, b"2", expected=1, keep=3) == 2
            break
        except StoreError:
            assert time.monotonic() < deadline
    assert replica.command("GET", KEY) == b"2"


def replicas(watcher):
    """Wait until the sentinel knows a replica."""
    deadline = time.monotonic() + 30
    while not watcher.command("SENTINEL", "REPLICAS", "mymaster"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
