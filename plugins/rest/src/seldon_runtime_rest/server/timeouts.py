"""The timeouts for clients that send a request, or read a response, too slowly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from seldon_runtime_rest.server.connections import ConnectionLimits

logger = logging.getLogger(__name__)

_LINGER_S = 5.0
"""How long the server skips data that a client still sends, so that the client gets its response.

Closing at once could reset the connection and lose the response (RFC 9112, section 9.6)."""


class Expected(Enum):
    """The data that the client has to send next."""

    NOTHING = 0
    HEAD = 1
    BODY = 2
    SKIPPED = 3
    """Data that the server skips: the rest of a body after its response, or any data after a refusal."""


NOTHING, HEAD, BODY, SKIPPED = Expected  # looking up a member of an Enum takes as long as a function call


class Receiving(Protocol):
    """A connection, as the timeout of its requests needs it."""

    is_reading_paused: bool

    @property
    def has_unsent(self) -> bool:
        """True while the client has not read all of its responses."""

    def refuse(self, status: int, info: str) -> None:
        """Send this error response and end the connection."""

    def abort(self) -> None:
        """Close the connection at once."""


class ReceiveTimeout:
    """Limits the time that a client may take to send heads and bodies.

    Args:
        connection: the connection of the client.
        limits: the limits of the server.
        loop: runs the timer.
    """

    __slots__ = ("_connection", "_expected", "_limits", "_loop", "_timer", "received_bytes")

    def __init__(
        self, connection: Receiving, limits: ConnectionLimits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._loop = loop
        self._expected = NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self.received_bytes = 0
        """The bytes of a body that came since the timer was started."""

    def expect(self, expected: Expected) -> None:
        """Start the timer for this kind of data, unless it runs already for the same kind."""
        if expected is not self._expected:
            self.stop()
            self._expected = expected
            if expected is HEAD:
                self._start(self._limits.head_timeout_s, self._head_is_late)
            elif expected is BODY:
                self._start(self._limits.body_timeout_s, self._body_is_late)
            elif expected is SKIPPED:
                self._start(_LINGER_S, self._skipped_long_enough)

    def stop(self) -> None:
        """Stop the timer: the client need not send anything."""
        self._expected = NOTHING
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, within_s: float, late: Callable[[], None]) -> None:
        self._timer = self._loop.call_later(within_s, late)

    def _head_is_late(self) -> None:
        within_s = self._limits.head_timeout_s
        if self._connection.is_reading_paused:
            self._start(within_s, self._head_is_late)
        else:
            self._connection.refuse(
                408, f"the request line and headers were not complete within {within_s:g} seconds"
            )

    def _body_is_late(self) -> None:
        within_s = self._limits.body_timeout_s
        received_bytes, self.received_bytes = self.received_bytes, 0
        if self._connection.is_reading_paused or received_bytes >= self._limits.min_bytes:
            self._start(within_s, self._body_is_late)
        else:
            self._connection.refuse(
                408, f"the client sent only {received_bytes} bytes of the body within {within_s:g} seconds"
            )

    def _skipped_long_enough(self) -> None:
        if self._connection.has_unsent:  # SendTimeout limits that time
            self._start(_LINGER_S, self._skipped_long_enough)
        else:
            self._connection.abort()


class SendTimeout:
    """Closes a connection whose client does not read its responses.

    Args:
        transport: the transport of the connection.
        limits: the limits of the server.
        loop: runs the timer.
    """

    __slots__ = ("_limits", "_loop", "_timer", "_transport", "_unsent_bytes")

    def __init__(
        self, transport: asyncio.Transport, limits: ConnectionLimits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._unsent_bytes = 0

    def start(self) -> None:
        """Start the timer for the client's reading, unless it runs already."""
        if self._timer is None:
            self._unsent_bytes = self._transport.get_write_buffer_size()
            self._timer = self._loop.call_later(self._limits.body_timeout_s, self._check)

    def stop(self) -> None:
        """Stop the timer: everything was sent, or the connection is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        taken = self._unsent_bytes - self._transport.get_write_buffer_size()
        if taken >= self._limits.min_bytes:
            self.start()
        else:
            logger.debug("closing a connection: its client read only %d bytes of its response in time", taken)
            self._transport.abort()
