"""One HTTP/1.1 connection: requests in, responses out in the same order, within limits."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import cast

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_rest.application import Client
from seldon_runtime_rest.server.departure import DepartureWatch
from seldon_runtime_rest.server.parts import ServerParts
from seldon_runtime_rest.server.pending import Pending
from seldon_runtime_rest.server.reader import RequestReader
from seldon_runtime_rest.server.refusal import Refused, refusal_response
from seldon_runtime_rest.server.response_side import ResponseSide
from seldon_runtime_rest.server.timeouts import BODY, HEAD, NOTHING, SKIPPED, ReceiveTimeout, SendTimeout

logger = logging.getLogger(__name__)

_MAX_PIPELINED = 100
"""How many requests of one connection may wait for the response to an earlier request."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpProtocol(ResponseSide):
    """One connection.

    It answers the requests in their order, or refuses a request. After a refusal it ignores further data.

    Args:
        parts: the objects of the server.
    """

    _departure: DepartureWatch | None = None

    def __init__(self, parts: ServerParts) -> None:
        self._parts = parts
        self.completions = parts.completions
        self._connections = parts.connections
        self._application = parts.application
        limits = parts.connections.limits
        self._queue: deque[Pending] = deque()
        """The requests without a response, in their order. Only the last one may have an incomplete body."""
        self._receiving = ReceiveTimeout(self, limits, parts.loop)
        self._old_at = parts.loop.time() + limits.age_s()
        self._leaving: Pending | None = None
        """The request whose response tells the client to close this connection, which is too old."""

    # The life of the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register a new connection; refuse it with status 503 when there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        self._sending = SendTimeout(self._transport, self._connections.limits, self._parts.loop)
        peer = transport.get_extra_info("peername")
        client: Client = (str(peer[0]), int(peer[1])) if isinstance(peer, tuple) else None
        limits = self._connections.limits
        self._reader = RequestReader(
            self._application, client, self._request_begun, self._first_byte, limits.max_head_bytes
        )
        if not self._connections.add(self):
            self._is_deaf = True
            full = SeldonError(
                "too many connections; try again later",
                code=ErrorCode.OVERLOADED,
                headers={"Retry-After": "1"},
            )
            self._write_refusal(full)
            self.close()

    def eof_received(self) -> bool:
        """Answer the complete requests of a client that sends no more, then close the connection."""
        self._has_ended = self._is_deaf = True
        self._receiving.stop()
        broken_off = self._reader.in_body
        if broken_off is not None and not broken_off.is_answered and broken_off.exchange.early is None:
            self._queue.pop()
        if not self._queue:
            return False
        self._queue[-1].keep_alive = False
        if self._reader.takes_interim:
            self._departure = DepartureWatch(self._transport, self._queue, self._parts.loop, self._probe)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the calls of the client, which has disconnected, and forget the connection."""
        self._connections.remove(self)
        self._receiving.stop()
        self._sending.stop()
        if self._departure is not None:
            self._departure.stop()
        if self._writer is not None:
            self._writer.close()
        for pending in self._queue:
            pending.exchange.request.cancel()
        self._queue.clear()
        self._leaving = None
        self._reader.stop()
        self._is_deaf = True

    def close(self) -> None:
        """Close the connection once all written data has been sent."""
        self._transport.close()
        self._sending.start()

    @property
    def has_unsent(self) -> bool:
        """True while the client has not read all of its responses."""
        return self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def cut_off(self) -> None:
        """Close the connection at once, but send an error to the client of a stream."""
        if self._writer is None:
            self.abort()
        else:
            self._writer.cut_off(SeldonError("the server is stopping", code=ErrorCode.UNAVAILABLE))
            self._transport.close()

    def shutdown(self) -> None:
        """Close the connection after the responses to its open requests."""
        self._leaving = None
        if self._transport.is_closing():
            return
        if self._queue:
            self._queue[-1].keep_alive = False
        elif self._is_deaf:
            self.abort()
        else:
            self._transport.close()

    # Requests

    def data_received(self, data: bytes) -> None:
        """Parse the data that came, and begin the requests that are complete."""
        if self._is_deaf or self._transport.is_closing():
            return
        self._connections.idle.pop(self, None)
        if self._reader.in_body is not None:
            self._receiving.received_bytes += len(data)
        try:
            self._reader.feed(data)
        except Refused as refusal:
            self.refuse(refusal.status, refusal.info)
        self._advance()
        self._settle()

    def refuse(self, status: int, info: str) -> None:
        """Ignore further data, and send an error response, unless earlier requests still need theirs.

        In that case the connection closes after the responses to the earlier requests.
        """
        logger.debug("refusing a request with status %d: %s", status, info)
        self._is_deaf = True
        self._receiving.stop()
        refused = self._reader.in_body
        if refused is not None and not refused.is_answered:
            self._queue.pop()
        self._reader.stop()  # from now on no request is in its body: the last one in the queue is whole
        if self._queue:
            self._queue[-1].keep_alive = False
        elif refused is not None and refused.is_answered:
            self._linger()
        else:
            self._write_refusal(SeldonError(info, status_code=status))
            self._linger()

    def _write_refusal(self, error: SeldonError) -> None:
        response = refusal_response(self._application, error, self._reader.target)
        self._transport.write(self._parts.text.head(response, closing=True) + response.content("GET"))

    def _first_byte(self) -> None:
        """Keep an old connection open for a new request, if the response that would end it is not sent."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None and not leaving.is_answered:
            leaving.keep_alive = True

    def _request_begun(self, pending: Pending) -> None:
        if len(self._queue) > _MAX_PIPELINED:
            self._reader.in_body = None
            raise Refused(400, f"more than {_MAX_PIPELINED} requests wait on this connection")
        pending.connection = self
        if pending.keep_alive and self._parts.loop.time() >= self._old_at:
            pending.keep_alive = False  # then the response tells the client to close the connection
            self._leaving = pending
        self._receiving.received_bytes = 0
        self._queue.append(pending)

    def _advance(self) -> None:
        """Begin the first request, and after its response the next one, as far as they are complete."""
        queue = self._queue
        while queue and not self._is_writing_paused:
            pending = queue[0]
            if pending.is_begun:
                return
            exchange = pending.exchange
            if exchange.early is None and not pending.is_whole:
                if pending.expects_continue:
                    pending.expects_continue = False
                    self._transport.write(_CONTINUE)
                return
            pending.is_begun = True
            response = self._application.begin(exchange, pending.done)
            if response is None:
                return
            self._respond(pending, response)

    def _settle(self) -> None:
        """Start the timer for the data that the client must send next, and pause or resume reading."""
        if self._is_deaf:
            return
        pending = self._reader.in_body
        if pending is not None:
            if not pending.is_answered:
                self._receiving.expect(BODY)
            elif pending.expects_continue:  # the body may not come, and data may be a body or a new request
                self._linger()
            else:
                self._receiving.expect(SKIPPED)
        elif self._reader.head_bytes:
            self._receiving.expect(HEAD)
        else:
            self._receiving.expect(NOTHING)
            if not self._queue:
                self._connections.mark_idle(self)
        waits = len(self._queue) > 1 or self._is_writing_paused
        if waits is not self.is_reading_paused and not self._transport.is_closing():
            self.is_reading_paused = waits
            if waits:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
