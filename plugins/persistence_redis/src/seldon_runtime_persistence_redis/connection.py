"""A client from the settings: by host and port, by URL, or through sentinels."""

from __future__ import annotations

from typing import Any

import redis
from redis import connection, sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from seldon_runtime.errors import StartupError
from seldon_runtime.settings import Settings

_Sentinel: Any = sentinel.Sentinel  # neither has types
_parse_url: Any = connection.parse_url


def client_from(settings: Settings) -> tuple[redis.Redis, str]:
    """A client that has not connected yet, and its address without secrets.

    It tries each command once: retrying is the core's, which knows what is newest.

    Raises:
        StartupError: REDIS_URL is no address of Redis.
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
    where = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return redis.Redis(connection_pool=pool), f"redis {where}"


def _from_url(url: str | None) -> dict[str, Any]:
    if not url:
        return {}
    try:
        return dict(_parse_url(url))
    except ValueError as error:  # the value holds a password: it is not shown
        raise StartupError(
            f"REDIS_URL is no address of Redis, such as redis://host:6379/0: {error}"
        ) from None


def _through_sentinels(settings: Settings, options: dict[str, Any]) -> tuple[redis.Redis, str]:
    """TLS, as the URL has it, is for the sentinels too; they have a password of their own, or none."""
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
    return client, f"redis service {service} of {', '.join(f'{host}:{port}' for host, port in sentinels)}"
