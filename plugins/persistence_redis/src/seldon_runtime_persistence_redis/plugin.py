"""The hooks of the Redis plugin. redis-py is imported when the store is created."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import click

from seldon_runtime.plugin import Settings, StateStore, StoreError, hookimpl, option

logger = logging.getLogger(__name__)


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options of the connection."""
    return [
        option(
            "--redis-host",
            envvar="REDIS_SERVICE_HOST",
            help="Host name of Redis.  [default: localhost]",
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
            help="redis://, rediss:// (TLS) or unix:// address with user, password and database; overrides"
            " host and port. It may hold a password: prefer the variable.",
        ),
        option(
            "--redis-sentinels",
            envvar="REDIS_SENTINELS",
            default="",
            callback=_addresses,
            help="Addresses of Redis sentinels: host:port,host:port. They replace host and port of the URL.",
        ),
        option(
            "--redis-sentinel-service",
            envvar="REDIS_SENTINEL_SERVICE",
            default="mymaster",
            help="Name of the Redis service among the sentinels.",
        ),
        option(
            "--redis-sentinel-password",
            envvar="REDIS_SENTINEL_PASSWORD",
            help="Password of the sentinels. Prefer the variable.",
        ),
        option(
            "--redis-timeout",
            "redis_timeout_s",
            envvar="REDIS_TIMEOUT_S",
            type=click.FloatRange(0.1, 3600),
            default=10.0,
            help="Time limit in seconds to connect, for a response, and to send a state.",
        ),
    ]


@hookimpl
def seldon_state_store(settings: Settings) -> StateStore | None:
    """Return the store.

    Returns None if PERSISTENCE is the bare switch 1, no setting names an address, and Redis does not
    answer at the default address. Existing images set the switch without a Redis, and must start as they
    always did.
    """
    from seldon_runtime_persistence_redis.store import RedisStore

    store = RedisStore.of(settings)
    is_named = any(settings[name] for name in ("redis_host", "redis_url", "redis_sentinels"))
    if is_named or str(settings["persistence"]).strip() != "1":
        return store
    try:
        store.ping()
    except StoreError as error:
        logger.error(
            "PERSISTENCE=1 selects Redis, but Redis does not answer: STATE IS NOT KEPT (%s). "
            "Set REDIS_SERVICE_HOST or REDIS_URL; with either, or PERSISTENCE=redis, this is an error",
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
            raise click.BadParameter(f"{word!r} must be an address of the form host:port", ctx, param)
        addresses.append((host.strip("[]"), int(port)))
    return tuple(addresses)
