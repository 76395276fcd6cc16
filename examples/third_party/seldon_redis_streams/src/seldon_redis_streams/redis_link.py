"""Connections to Redis, and what happens while there are none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from seldon_redis_streams.entry import NAME
from seldon_runtime.plugin import Service, Settings, StartupError, url_host

logger = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0


def client_from(settings: Settings) -> Any:
    """Return a client with one connection, opened when first used; it tries each command once.

    Raises:
        StartupError: the URL is not valid.
    """
    timeout_s = settings["streams_timeout_s"]
    try:
        return redis.Redis.from_url(
            settings["streams_url"],
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            max_connections=1,
        )
    except ValueError as error:  # it may hold a password: it is not shown
        raise StartupError(f"--streams-url (SELDON_STREAMS_URL) is not a Redis address: {error}") from None


def place_of(client: Any) -> str:
    """Return the address to which a client connects, without secrets."""
    options = client.connection_pool.connection_kwargs
    if "path" in options:
        return f"unix://{options['path']}"
    host = url_host(options.get("host", "localhost"))
    return f"redis://{host}:{options.get('port', 6379)}/{options.get('db', 0)}"


class Patience:
    """Retries with growing delays while Redis fails. The service is degraded meanwhile, and the log says so.

    Args:
        service: is degraded meanwhile.
        part: the transport's thread that uses it.
        stopped: ends the waiting.
    """

    def __init__(self, service: Service, part: str, stopped: threading.Event) -> None:
        self._service = service
        self._part = f"{NAME} {part}"
        self._stopped = stopped
        self._delay_s = _FIRST_DELAY_S

    def attempt(self, work: Callable[[], None]) -> None:
        """Do the work once; wait when it failed."""
        try:
            work()
        except Exception as error:  # the thread must not end, whatever it is
            if self._stopped.is_set():  # the transport has closed the connection meanwhile
                logger.debug("%s: ended in a command: %s", self._part, error)
                return
            if self._part not in self._service.degraded:
                unexpected = not isinstance(error, redis.RedisError)
                logger.error("%s: Redis failed: %s", self._part, error, exc_info=unexpected)
            self._service.degraded[self._part] = str(error)
            self._stopped.wait(self._delay_s)
            self._delay_s = min(2 * self._delay_s, _LONGEST_DELAY_S)
            return
        if self._service.degraded.pop(self._part, None) is not None:
            logger.info("%s: Redis is back", self._part)
        self._delay_s = _FIRST_DELAY_S
