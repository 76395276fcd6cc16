"""The settings, before a connection is made."""

from __future__ import annotations

import logging

import click
import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime_persistence_redis import plugin
from seldon_runtime_persistence_redis.connection import _from_url
from seldon_runtime_persistence_redis.store import RedisStore


def test_a_malformed_url_is_refused_without_showing_it(settings):
    with pytest.raises(StartupError, match="REDIS_URL must be an address") as refused:
        RedisStore.of(settings(redis_url="http://user:hush@host"))
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:secretpw#x@h",
        "redis://:12#secretpw@h",
        "redis://user:secretpw/ret@h",
        "redis://user:12/secretpw@h",
        "redis://user:secretpw?ret@h",
        "redis://user:12?secretpw=1@h",
        "redis://user:x@h:secretpw",
        "redis://[secretpw@h",
        "unix://user:x/secretpw@/tmp/redis",
        "redis://h/0?db=secretpw",
    ],
)
def test_a_password_that_cuts_the_url_is_refused_and_no_part_is_shown(settings, url):
    with pytest.raises(StartupError, match=r"also in the password, .* must be percent-encoded") as refused:
        RedisStore.of(settings(redis_url=url))
    assert "secretpw" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_an_encoded_password_is_decoded():
    assert _from_url("redis://:a%23b%2Fc%3Fd%40e@h:7/1?client_name=n")["password"] == "a#b/c?d@e"


@pytest.mark.parametrize("option", ["nonsense=secretpw", "protocol=9", "max_connections=-7"])
@pytest.mark.parametrize("sentinels", ["", "127.0.0.1:1"])
def test_an_option_that_redis_py_does_not_take_is_refused(settings, option, sentinels):
    with pytest.raises(StartupError, match="an option that redis-py does not have, or a value") as refused:
        RedisStore.of(settings(redis_url=f"redis://h?{option}", redis_sentinels=sentinels))
    assert str(refused.value).endswith(f": {option.partition('=')[0]}")


def test_sentinels_without_port_are_refused(settings):
    with pytest.raises(click.BadParameter, match="'only-host' must be an address of the form host:port"):
        settings(redis_sentinels="only-host")


class TestTheBareSwitch:
    """PERSISTENCE=1 is in existing images without a Redis."""

    @pytest.fixture
    def nowhere(self, start_redis):
        server = start_redis()
        server.stop()
        return {"redis_port": server.port}

    def test_without_an_address_and_a_server_state_is_not_kept_and_an_error_is_logged(
        self, nowhere, settings, caplog
    ):
        assert plugin.seldon_state_store(settings("1", **nowhere)) is None
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert "STATE IS NOT KEPT" in caplog.text

    @pytest.mark.parametrize(
        ("more", "persistence"),
        [({"redis_host": "127.0.0.1"}, "1"), ({"redis_url": "redis://127.0.0.1:1"}, "1"), ({}, "redis")],
    )
    def test_with_an_address_or_the_name_the_core_decides(self, nowhere, settings, more, persistence):
        store = plugin.seldon_state_store(settings(persistence, **nowhere, **more))
        assert store is not None
        store.close()

    def test_a_server_at_the_default_address_is_used(self, shared_redis, settings):
        store = plugin.seldon_state_store(settings("1", redis_port=shared_redis.port))
        assert store is not None
        store.close()
