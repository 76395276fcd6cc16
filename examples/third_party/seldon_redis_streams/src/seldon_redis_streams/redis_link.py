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
from seldon_runtime.errors import StartupError
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0


def client_from(settings: Settings) -> Any:
    """A client with one connection, made when first used; each command is tried once.

    Raises:
        StartupError: the URL is none.
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
        raise StartupError(f"--streams-url (SELDON_STREAMS_URL) is no address of Redis: {error}") from None


def place_of(client: Any) -> str:
    """Where it connects to, without secrets."""
    options = client.connection_pool.connection_kwargs
    if "path" in options:
        return f"unix://{options['path']}"
    return f"redis://{options.get('host', 'localhost')}:{options.get('port', 6379)}/{options.get('db', 0)}"


class Patience:
    """Tries again and again while Redis does not do its part, longer and longer apart; health and log say so.

    Args:
        service: is degraded meanwhile.
        part: which of the transport's threads it is for.
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
            if self._part not in self._service.degraded:
                unexpected = not isinstance(error, redis.RedisError)
                logger.error("%s: Redis does not do its part: %s", self._part, error, exc_info=unexpected)
            self._service.degraded[self._part] = str(error)
            self._stopped.wait(self._delay_s)
            self._delay_s = min(2 * self._delay_s, _LONGEST_DELAY_S)
            return
        if self._service.degraded.pop(self._part, None) is not None:
            logger.info("%s: Redis is back", self._part)
        self._delay_s = _FIRST_DELAY_S
