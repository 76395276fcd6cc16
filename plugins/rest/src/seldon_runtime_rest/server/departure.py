"""The watch for clients that have disconnected, among those that only closed their sending side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from seldon_runtime_rest.server.pending import Pending

_LOOK_S = 0.25
_LONGEST_S = 1.0
_INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"
"""The system of a client that has disconnected answers any data by a reset. An interim response may precede
any final one (RFC 9110, section 15.2); no other data would be right for a client that still reads, before the
response begins. In a streamed response, the writer knows such data."""


class DepartureWatch:
    """Finds out whether a client that sends no more still reads, while its call waits for the component.

    It aborts the connection of a client that does not, so that the call never runs, or its coroutine or its
    stream ends. A running plain method needs no watch: nothing can stop it.

    Args:
        transport: the transport of the connection.
        queue: the requests without a response; the client waits for the call of the first.
        loop: runs the timer.
        probe: sends data that mean nothing to the client of a streamed response.
    """

    __slots__ = ("_has_asked", "_loop", "_probe", "_queue", "_timer", "_transport", "_wait_s", "_waited")

    def __init__(
        self,
        transport: asyncio.Transport,
        queue: Sequence[Pending],
        loop: asyncio.AbstractEventLoop,
        probe: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._loop = loop
        self._probe = probe
        self._has_asked = False
        self._waited = False
        self._wait_s = _LOOK_S
        self._timer: asyncio.TimerHandle | None = loop.call_later(_LOOK_S, self._look)

    def stop(self) -> None:
        """Stop watching: the connection is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._transport.is_closing():
            return
        if self._has_asked and not self._is_connected():
            self._transport.abort()
            return
        call = self._queue[0].exchange.request.made if self._queue else None
        waits = call is not None and bool(call.submitted) and call.can_end
        if waits and self._waited:
            self._ask(is_streamed=self._queue[0].is_streamed)
        self._waited = waits
        if self._has_asked:
            self._wait_s = min(2 * self._wait_s, _LONGEST_S)
        self._timer = self._loop.call_later(self._wait_s, self._look)

    def _ask(self, *, is_streamed: bool) -> None:
        """Send data that the system of a client which has disconnected refuses."""
        if is_streamed:
            self._probe()
        elif not self._has_asked:
            self._transport.write(_INTERIM)
        self._has_asked = True

    def _is_connected(self) -> bool:
        connection = self._transport.get_extra_info("socket")
        try:
            connection.getpeername()
        except OSError:
            return False
        return True
