"""Hooks of the Redis plugin. redis-py is imported when a store is made."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.settings import Settings, option
from seldon_runtime.state import StateStore, StoreError

logger = logging.getLogger(__name__)


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Where Redis is."""
    return [
        option(
            "--redis-host",
            envvar="REDIS_SERVICE_HOST",
            help="Host of Redis.  [default: localhost]",
        ),
        option(
            "--redis-port",
            envvar="REDIS_SERVICE_PORT",
            type=click.IntRange(1, 65535),
            default=6379,
            help="Port of Redis.",
        ),
        option(
            "--redis-url",
            envvar="REDIS_URL",
            help="redis://, rediss:// (TLS) or unix:// address with user, password and database; wins over"
            " host and port. It holds a secret: rather set the variable.",
        ),
        option(
            "--redis-sentinels",
            envvar="REDIS_SENTINELS",
            default="",
            callback=_addresses,
            help="Sentinels to ask for Redis: host:port,host:port. The URL then gives only the rest.",
        ),
        option(
            "--redis-sentinel-service",
            envvar="REDIS_SENTINEL_SERVICE",
            default="mymaster",
            help="Name under which the sentinels know Redis.",
        ),
        option(
            "--redis-sentinel-password",
            envvar="REDIS_SENTINEL_PASSWORD",
            help="Password of the sentinels, if they have one. Rather set the variable.",
        ),
        option(
            "--redis-timeout",
            "redis_timeout_s",
            envvar="REDIS_TIMEOUT_S",
            type=click.FloatRange(0.1, 3600),
            default=10.0,
            help="Seconds that Redis has to connect, to answer, or to take a state.",
        ),
    ]


@hookimpl
def seldon_state_store(settings: Settings) -> StateStore | None:
    """The store. None when PERSISTENCE is the bare switch 1, nothing says where Redis is, and none is at
    the default address: images that set the switch and have no Redis must start, as they always did."""
    from seldon_runtime_persistence_redis.store import RedisStore

    store = RedisStore.of(settings)
    is_named = any(settings[name] for name in ("redis_host", "redis_url", "redis_sentinels"))
    if is_named or str(settings["persistence"]).strip() != "1":
        return store
    try:
        store.ping()
    except StoreError as error:
        logger.error(
            "PERSISTENCE=1 asks for state in Redis, but none answers: STATE IS NOT KEPT (%s). "
            "Set REDIS_SERVICE_HOST or REDIS_URL; they, or PERSISTENCE=redis, make this an error",
            error,
        )
        store.close()
        return None
    return store


def _addresses(ctx: click.Context, param: click.Parameter, value: str) -> tuple[tuple[str, int], ...]:
    addresses = []
    for word in filter(None, (word.strip() for word in value.split(","))):
        host, _, port = word.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise click.BadParameter(f"{word!r} is no address; expected host:port", ctx, param)
        addresses.append((host.strip("[]"), int(port)))
    return tuple(addresses)
