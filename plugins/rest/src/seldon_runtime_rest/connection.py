"""One HTTP/1.1 connection: uvicorn's, with bounds on what its client may cost, and deaf to upgrades."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from seldon_runtime.errors import ErrorCode
from seldon_runtime_rest.crowd import Crowd
from seldon_runtime_rest.express import Exchange, Express
from seldon_runtime_rest.refusal import Refused, check_head, refusal_text

logger = logging.getLogger(__name__)

_MAX_FRAMING_BYTES = 64 * 1024
"""Most bytes of a body that are no content: chunk sizes beyond the usual ones, extensions, trailers."""
_USUAL_FRAMING_BYTES = 16
"""What each piece of a chunked body may have around it without being counted."""
_MAX_PIPELINED = 100
"""Most requests that may wait for the answer to an earlier one on the same connection."""
_LINGER_S = 5.0
"""How long what a client still sends is read over: so it gets to read its answer (RFC 9112, section 9.6)."""
_UPGRADE = re.compile(rb"\nupgrade(?=:)", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """What the parser and uvicorn's protocol lack.

    They keep any number of header bytes and of requests, wait for ever for a request that has begun, and
    for a client that does not read its answer. And when a client offers an upgrade the parser drops the
    request's body, though a server that does not upgrade has to answer the request as if there were no
    offer (RFC 9110, section 7.8): Java's ``HttpClient`` offers HTTP/2 with its first request.

    A request is either answered, in its turn, or refused; after a refusal nothing more is read.
    """

    def __init__(self, *arguments: Any, crowd: Crowd, express: Express | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.url = b""
        self._crowd = crowd
        self._express = express
        self._manners = crowd.manners
        self._in_head = True
        self._head_bytes = 0
        self._framing_bytes = 0
        self._window_bytes = 0
        self._unwritten_bytes = 0
        self._is_deaf = False
        self._old_at = self.loop.time() + self._manners.age_s()
        self._leaving: RequestResponseCycle | None = None
        self._previous: RequestResponseCycle | None = None
        self._awaited: Callable[[], None] | None = None
        self._sending_timer: asyncio.TimerHandle | None = None
        self._taking_timer: asyncio.TimerHandle | None = None

    # The life of the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        if self._crowd.make_room(len(self.connections)):
            self._crowd.rest(self)
        else:
            self._is_deaf = True
            transport.write(refusal_text(503, "too many connections; try again later", ErrorCode.OVERLOADED))
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._crowd.idle.pop(self, None)
        for timer in (self._sending_timer, self._taking_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Called by uvicorn when the server ends."""
        self._leaving = None
        if self._is_deaf:
            self.transport.abort()
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Called by the crowd: no request came."""
        self._close()

    # What comes

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what came."""
        if self._is_deaf:
            return
        self._crowd.idle.pop(self, None)
        if self._in_head:
            end = data.find(b"\r\n\r\n")
            self._head_bytes += len(data)
            offer = _UPGRADE.search(data, 0, end if end >= 0 else len(data))
            if offer is not None:
                data = data[: offer.end()] + b"-offered" + data[offer.end() :]
        else:
            self._framing_bytes += len(data)
            self._window_bytes += len(data)
        try:
            self.parser.feed_data(data)
            self._check_sizes()
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, Refused) as error:
            logger.debug("a request of %s was refused: %s", self.client, error.__context__ or error)
            refusal = error if isinstance(error, Refused) else error.__context__
            if not isinstance(refusal, Refused):
                refusal = Refused(400, "this is no valid HTTP/1.1 request")
            self._refuse(refusal.status, refusal.info)
        else:
            self._await_client()

    def on_message_begin(self) -> None:
        """Called by the parser. A client that was to leave with the answer to an earlier request stays for
        this one, if it has not been told yet."""
        if self._leaving is not None and not self._leaving.response_started:
            self._leaving.keep_alive = True
        self._leaving = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        version = self.parser.get_http_version()
        headers = dict(self.headers)
        check_head(version, self.headers, headers)
        if self._head_bytes > self._manners.max_head_bytes:  # or some of it is body
            self._check_head_size(
                len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            )
        previous = self.cycle
        exchange = None
        if self._express is not None and self._is_idle and self.parser.get_method() == b"POST":
            keep_alive = version != "1.0" and self.parser.should_keep_alive()
            exchange = self._express.exchange(self, self.headers, headers, keep_alive=keep_alive)
        if exchange is None:
            super().on_headers_complete()
        else:
            self.cycle = cast(Any, exchange)
        self._previous = previous
        self._in_head = False
        self._framing_bytes = self._window_bytes = 0
        self.headers = []  # what the parser finds from now on are trailers: they are no headers
        if self.cycle.keep_alive and self.loop.time() >= self._old_at:
            self.cycle.keep_alive = False  # so the answer tells the client to close
            self._leaving = self.cycle
        if len(self.pipeline) > _MAX_PIPELINED:
            raise Refused(400, f"more than {_MAX_PIPELINED} requests wait on this connection")

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._framing_bytes = max(0, self._framing_bytes - len(body) - _USUAL_FRAMING_BYTES)
        if isinstance(self.cycle, Exchange):
            self.cycle.add(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._in_head = True
        self._head_bytes = 0
        self.url = b""
        if isinstance(self.cycle, Exchange):
            self.cycle.submit()
        else:
            super().on_message_complete()

    def _check_sizes(self) -> None:
        if self._in_head:
            self._check_head_size(self._head_bytes)
        elif self._framing_bytes > _MAX_FRAMING_BYTES:
            raise Refused(400, f"there are more than {_MAX_FRAMING_BYTES} bytes around pieces of the body")

    def _check_head_size(self, size: int) -> None:
        most = self._manners.max_head_bytes
        if size > most:
            raise Refused(431, f"the request line and headers have more than {most} bytes")

    # Waiting for the client

    def _await_client(self) -> None:
        """Have the right timer run: for the rest of a head or body, or for the next request."""
        if self._is_deaf:
            return
        if not self._in_head:
            awaited = self._body_is_late
        elif self._has_begun:
            awaited = self._head_is_late
        else:
            awaited = None
            if self._is_idle:
                self._crowd.rest(self)
        if awaited != self._awaited:
            self._await(
                awaited, self._manners.head_timeout_s if self._in_head else self._manners.body_timeout_s
            )

    def _await(self, awaited: Callable[[], None] | None, within_s: float) -> None:
        if self._sending_timer is not None:
            self._sending_timer.cancel()
        self._awaited = awaited
        self._sending_timer = None if awaited is None else self.loop.call_later(within_s, awaited)

    def _head_is_late(self) -> None:
        within_s = self._manners.head_timeout_s
        if self.flow.read_paused:
            self._await(self._head_is_late, within_s)
        else:
            self._refuse(408, f"the request line and headers were not whole within {within_s:g} seconds")

    def _body_is_late(self) -> None:
        within_s = self._manners.body_timeout_s
        if self._is_idle:  # it has had its answer
            self.transport.abort()
        elif self.flow.read_paused or self._window_bytes >= self._manners.least_bytes:
            self._window_bytes = 0
            self._await(self._body_is_late, within_s)
        else:
            self._refuse(408, f"{self._window_bytes} bytes of the body came within {within_s:g} seconds")

    @property
    def _has_begun(self) -> bool:
        """Whether some of the head of a request is there."""
        return self._head_bytes > 0 or self.url != b""

    @property
    def _is_idle(self) -> bool:
        latest: RequestResponseCycle | None = self.cycle
        return latest is None or latest.response_complete

    # What goes

    def on_response_complete(self) -> None:
        """Called when an answer has been handed to the transport. Starts no timer, as uvicorn's own does."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._await_reader()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._in_head:  # answered before it was whole
            if self.expect_100_continue:  # the rest may never come, and cannot be told from another request
                self._close()
            else:
                self._await(self._body_is_late, _LINGER_S)
        elif not self._has_begun:
            self._crowd.rest(self)

    def pause_writing(self) -> None:
        """Called by the event loop when the client does not read as fast as it is answered."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """Called by the event loop when it has caught up."""
        super().resume_writing()
        if self._taking_timer is not None and not self.transport.is_closing():
            self._taking_timer.cancel()
            self._taking_timer = None

    def _close(self) -> None:
        self.transport.close()
        self._await_reader()

    def _await_reader(self) -> None:
        if self._taking_timer is None:
            self._unwritten_bytes = self.transport.get_write_buffer_size()
            self._taking_timer = self.loop.call_later(self._manners.body_timeout_s, self._reader_is_late)

    def _reader_is_late(self) -> None:
        self._taking_timer = None
        taken = self._unwritten_bytes - self.transport.get_write_buffer_size()
        if taken >= self._manners.least_bytes:
            self._await_reader()
        else:
            logger.debug("%s took %d bytes of its answer, and is dropped", self.client, taken)
            self.transport.abort()

    def _refuse(self, status: int, info: str) -> None:
        """Take no more of what comes. Earlier requests are answered; if there is none, this is told."""
        self._is_deaf = True
        self._await(None, 0)
        refused = None if self._in_head else self.cycle
        earlier = self.cycle if self._in_head else self._previous
        if refused is not None and self.pipeline and self.pipeline[0][0] is refused:
            self.pipeline.popleft()
        elif refused is not None and refused.response_started:
            earlier = refused
        if earlier is not None and not earlier.response_complete:
            earlier.keep_alive = False  # the connection is closed with its answer
        elif refused is not None and refused.response_complete:
            self._close()
        else:
            self._tell(refused, refusal_text(status, info, ErrorCode.BAD_DATA))

    def _tell(self, refused: RequestResponseCycle | None, text: bytes) -> None:
        if refused is not None:  # whoever waits for its body waits no more
            refused.disconnected = True
            refused.message_event.set()
        self.transport.write(text)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._await(self.transport.abort, _LINGER_S)
