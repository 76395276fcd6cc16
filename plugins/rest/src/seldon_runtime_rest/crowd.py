"""All connections of one server: what is asked of their clients, and whose turn it is to go."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

_FULL_AGAIN = 0.9
"""The log tells once that the server is full, and again only when it had been emptier than this."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What is asked of clients. Times in seconds."""

    head_timeout_s: float = 20.0
    """From the first byte of a request to the end of its headers."""
    body_timeout_s: float = 20.0
    """In each such time a client has to send, or take, ``least_bytes`` of a body."""
    max_head_bytes: int = 64 * 1024
    """Of the request line and headers together."""
    max_connections: int = 10_000
    max_age_s: float = 0.0
    """Of a connection; 0 for any."""

    def age_s(self) -> float:
        """How old a new connection may become: a tenth more or less, so that not all end at once."""
        return self.max_age_s * random.uniform(0.9, 1.1) if self.max_age_s else math.inf

    @property
    def least_bytes(self) -> float:
        """Of a body in ``body_timeout_s``: 1 KiB for each second."""
        return self.body_timeout_s * 1024


@dataclass(slots=True)
class Crowd:
    """The connections of one server. Used by the thread of its event loop only."""

    manners: Manners = field(default_factory=Manners)
    idle: dict[asyncio.Protocol, asyncio.Transport] = field(default_factory=dict)
    """Those without a request, the one that has been so for the longest time first."""
    _told: bool = False

    def make_room(self, connections: int) -> bool:
        """Close the connection that has been idle for the longest time if there are more than
        ``connections``. False when there are, and none is idle: the newest has to go."""
        most = self.manners.max_connections
        if connections <= most:
            self._told = self._told and connections > most * _FULL_AGAIN
            return True
        if not self._told:
            self._told = True
            logger.warning(
                "all %d connections are taken: for each new one the one that was idle for the longest time "
                "is closed; without an idle one the new one is refused (--http-max-connections)",
                most,
            )
        if not self.idle:
            return False
        protocol = next(iter(self.idle))
        self.idle.pop(protocol).abort()
        return True
