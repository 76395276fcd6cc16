"""The Redis client that the settings describe: by host and port, by URL, or through sentinels."""

from __future__ import annotations

from typing import Any

import redis
from redis import connection, sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from seldon_runtime.plugin import Settings, StartupError, url_host

_Sentinel: Any = sentinel.Sentinel  # redis-py has no types for these two
_parse_url: Any = connection.parse_url


def client_from(settings: Settings) -> tuple[redis.Redis, str]:
    """Return a client that is not yet connected, and its address without secrets.

    The client tries each command once. Core retries, since only core knows the newest state.

    Raises:
        StartupError: REDIS_URL is not a valid address.
    """
    options = _from_url(settings["redis_url"])
    options |= {
        "socket_timeout": settings["redis_timeout_s"],
        "socket_connect_timeout": settings["redis_timeout_s"],
        "retry": Retry(NoBackoff(), 0),
    }
    if settings["redis_sentinels"]:
        return _through_sentinels(settings, options)
    if not settings["redis_url"]:
        options |= {"host": settings["redis_host"] or "localhost", "port": settings["redis_port"]}
    pool = redis.ConnectionPool(**options)
    where = options.get("path") or f"{url_host(options.get('host', 'localhost'))}:{options.get('port', 6379)}"
    return redis.Redis(connection_pool=pool), f"redis {where}"


def _from_url(url: str | None) -> dict[str, Any]:
    if not url:
        return {}
    try:
        return dict(_parse_url(url))
    except ValueError as error:  # the value may hold a password: do not show it
        raise StartupError(
            f"REDIS_URL must be an address of Redis such as redis://host:6379/0: {error}"
        ) from None


def _through_sentinels(settings: Settings, options: dict[str, Any]) -> tuple[redis.Redis, str]:
    """Return a client for the master. The URL's TLS options apply to the sentinels, its password does not."""
    kind = options.pop("connection_class", None)
    for name in ("host", "port", "path"):
        options.pop(name, None)
    shared = {name: value for name, value in options.items() if name.startswith(("ssl_", "socket_", "retry"))}
    if kind is not None and issubclass(kind, redis.SSLConnection):
        shared["ssl"] = options["ssl"] = True
    sentinels, service = settings["redis_sentinels"], settings["redis_sentinel_service"]
    manager = _Sentinel(
        list(sentinels), sentinel_kwargs={**shared, "password": settings["redis_sentinel_password"]}
    )
    client = manager.master_for(service, **options)
    addresses = ", ".join(f"{url_host(host)}:{port}" for host, port in sentinels)
    return client, f"redis service {service} of {addresses}"
