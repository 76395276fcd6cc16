"""The open connections of one server, their limits, and the choice of a connection to close."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

logger = logging.getLogger(__name__)

_FULL_AGAIN = 0.9
"""The log warns once that the server is full, and again only after it was emptier than this share."""


class ConnectionLimits(NamedTuple):
    """The limits for the connections of one server."""

    head_timeout_s: float = 20.0
    """How long a client may take from the first byte of a request to the end of its headers."""
    body_timeout_s: float = 20.0
    """A client must send or read ``min_bytes`` of a body within each period of this length."""
    max_head_bytes: int = 64 * 1024
    """The largest size of the request line and headers together."""
    max_connections: int = 10_000
    keep_alive_s: float = 75.0
    """How long a connection may be idle."""
    max_age_s: float = 0.0
    """How old a connection may become; 0 for no limit."""

    def age_s(self) -> float:
        """Return the greatest age of a new connection: ``max_age_s`` with a random tenth more or less.

        So connections that began together do not end together. It is infinite without a limit.
        """
        return self.max_age_s * random.uniform(0.9, 1.1) if self.max_age_s else math.inf

    @property
    def min_bytes(self) -> float:
        """The least bytes of a body within ``body_timeout_s``: 1 KiB for each second."""
        return self.body_timeout_s * 1024


class Member(Protocol):
    """A connection, as this module needs it."""

    def close(self) -> None:
        """Close the connection once all written data has been sent."""

    def abort(self) -> None:
        """Close the connection at once."""

    def cut_off(self) -> None:
        """Close the connection at once, but send an error to the client of a stream."""

    def shutdown(self) -> None:
        """Close the connection after the responses to its open requests."""


class Connections:
    """All connections of one server. Used on the thread of its event loop only.

    Args:
        limits: the limits of the server.
        loop: runs a single timer for all idle connections. A timer for each request would take longer than
            parsing the request.
    """

    def __init__(self, limits: ConnectionLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.limits = limits
        self.open: set[Member] = set()
        self.idle: dict[Member, float] = {}
        """The idle connections, each with the time since which it is idle; the longest idle comes first."""
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._has_warned = self._has_warned_of_files = False
        self._when_empty: Callable[[], None] | None = None

    def add(self, member: Member) -> bool:
        """Add a new connection. If there are too many, close the longest idle connection at once.

        Returns:
            False if there are too many connections and none is idle.
        """
        self.open.add(member)
        if len(self.open) > self.limits.max_connections and not self._close_one():
            return False
        self._has_warned = self._has_warned and len(self.open) > self.limits.max_connections * _FULL_AGAIN
        self.mark_idle(member)
        return True

    def make_room(self) -> bool:
        """Close the longest idle connection, since no further file may be opened; False without one."""
        if not self._has_warned_of_files:
            self._has_warned_of_files = True
            logger.warning(
                "the process has as many open files as it may have: each new connection closes the longest "
                "idle one. Raise the limit of open files, or lower --http-max-connections"
            )
        return self._close_longest_idle()

    def remove(self, member: Member) -> None:
        """Forget a closed connection."""
        self.open.discard(member)
        self.idle.pop(member, None)
        if not self.open and self._when_empty is not None:
            self._when_empty()

    def mark_idle(self, member: Member) -> None:
        """Start the idle time of a connection, which is closed after ``keep_alive_s``."""
        self.idle[member] = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self.limits.keep_alive_s, self._close_idle)

    def shutdown(self, when_empty: Callable[[], None]) -> None:
        """Close each connection after its last response, and call ``when_empty`` when all are closed."""
        self._when_empty = when_empty
        for member in list(self.open):
            member.shutdown()
        if not self.open:
            when_empty()

    def abort(self) -> None:
        """Close all connections at once. Incomplete requests and unread responses are lost."""
        for member in list(self.open):
            member.abort()

    def cut_off(self) -> None:
        """Close all connections, the streams with an error."""
        for member in list(self.open):
            member.cut_off()

    def _close_idle(self) -> None:
        self._timer = None
        while self.idle:
            member, since = next(iter(self.idle.items()))
            left_s = since + self.limits.keep_alive_s - self._loop.time()
            if left_s > 0:
                self._timer = self._loop.call_later(left_s, self._close_idle)
                return
            del self.idle[member]
            member.close()

    def _close_one(self) -> bool:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "all %d connections are taken: each new connection closes the longest idle one or is refused "
                "if none is idle. To allow more connections, raise --http-max-connections",
                self.limits.max_connections,
            )
        return self._close_longest_idle()

    def _close_longest_idle(self) -> bool:
        if not self.idle:
            return False
        longest = next(iter(self.idle))
        del self.idle[longest]
        longest.abort()
        return True
