"""All connections of one server: what is asked of their clients, and whose turn it is to go."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

logger = logging.getLogger(__name__)

_FULL_AGAIN = 0.9
"""The log tells once that the server is full, and again only when it had been emptier than this."""


class Manners(NamedTuple):
    """What is asked of clients. Times in seconds."""

    head_timeout_s: float = 20.0
    """From the first byte of a request to the end of its headers."""
    body_timeout_s: float = 20.0
    """In each such time a client has to send, or take, ``least_bytes`` of a body."""
    max_head_bytes: int = 64 * 1024
    """Of the request line and headers together."""
    max_connections: int = 10_000
    keep_alive_s: float = 75.0
    """How long a connection may be idle."""
    max_age_s: float = 0.0
    """Of a connection; 0 for any."""

    def age_s(self) -> float:
        """How old a new connection may become: a tenth more or less, so that not all end at once."""
        return self.max_age_s * random.uniform(0.9, 1.1) if self.max_age_s else math.inf

    @property
    def least_bytes(self) -> float:
        """Of a body in ``body_timeout_s``: 1 KiB for each second."""
        return self.body_timeout_s * 1024


class Member(Protocol):
    """A connection, as far as the crowd knows it."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def timeout_keep_alive_handler(self) -> None:
        """Told that it has been idle for too long."""


@dataclass(slots=True)
class Crowd:
    """The connections of one server. Used by the thread of its event loop only."""

    manners: Manners = field(default_factory=Manners)
    idle: dict[Member, float] = field(default_factory=dict)
    """Those without a request, and since when: the one that has been so for the longest time first."""
    _timer: asyncio.TimerHandle | None = None
    """One for all: to start and cancel a timer for each request takes longer than to parse it."""
    _told: bool = False

    def rest(self, member: Member) -> None:
        """It is idle from now on."""
        self.idle[member] = member.loop.time()
        if self._timer is None:
            self._timer = member.loop.call_later(self.manners.keep_alive_s, self._end_longest, member.loop)

    def _end_longest(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self.idle:
            member, since = next(iter(self.idle.items()))
            left_s = since + self.manners.keep_alive_s - loop.time()
            if left_s > 0:
                self._timer = loop.call_later(left_s, self._end_longest, loop)
                return
            del self.idle[member]
            member.timeout_keep_alive_handler()

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
        longest = next(iter(self.idle))
        del self.idle[longest]
        longest.transport.abort()
        return True
