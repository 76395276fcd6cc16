"""The Redis client that the settings describe: by host and port, by URL, or through sentinels."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import redis
from redis import connection, sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from seldon_runtime.plugin import Settings, StartupError, url_host

_Sentinel: Any = sentinel.Sentinel  # redis-py has no types for these two
_parse_url: Any = connection.parse_url
_EXPECTED = (
    "REDIS_URL must be an address of Redis such as redis://user:password@host:6379/0. In its parts, also in"
    " the password, the characters @ : / ? # % must be percent-encoded, such as %23 for #"
)


def client_from(settings: Settings) -> tuple[redis.Redis, str]:
    """Return a client that is not yet connected, and its address without secrets.

    The client tries each command once. Core retries, since only core knows the newest state.

    Raises:
        StartupError: REDIS_URL is not a valid address. The message shows no part of it that may be a secret.
    """
    url: str | None = settings["redis_url"]
    if not url:
        return _client(settings, {})
    options = _from_url(url)
    try:
        client, address = _client(settings, options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # does not connect
    except (TypeError, ValueError, AttributeError, redis.RedisError):
        names = ", ".join(sorted(options.keys() & _query_names(url)))
        raise StartupError(
            f"REDIS_URL has an option that redis-py does not have, or a value that it does not take: {names}"
        ) from None
    return client, address


def _client(settings: Settings, options: dict[str, Any]) -> tuple[redis.Redis, str]:
    options = options | {
        "decode_responses": False,  # state is bytes
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


def _from_url(url: str) -> dict[str, Any]:
    try:
        if not _is_cut(url):
            return dict(_parse_url(url))
    except ValueError:  # its text may show a part of the password
        pass
    raise StartupError(_EXPECTED)


def _is_cut(url: str) -> bool:
    """Return whether a bare ``#``, ``/`` or ``?`` ends the host before the ``@`` behind the password."""
    parts = urlsplit(url)
    return "#" in url or ("@" in url and "@" not in parts.netloc)


def _query_names(url: str) -> set[str]:
    return {word.partition("=")[0] for word in urlsplit(url).query.split("&")}


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
