"""The side of an HTTP/1.1 connection that sends responses, in the order of the requests."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.application import Application
from seldon_runtime_rest.compression.requests import Unpacked
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.server.completions import Completions
from seldon_runtime_rest.server.parts import ServerParts
from seldon_runtime_rest.server.pending import Pending
from seldon_runtime_rest.server.reader import RequestReader
from seldon_runtime_rest.server.timeouts import SKIPPED, ReceiveTimeout, SendTimeout
from seldon_runtime_rest.streaming.body import ResponseStream
from seldon_runtime_rest.streaming.writer import StreamWriter

_ONE_PIECE_BYTES = 64 * 1024
"""A longer body is written after its head; a shorter one is copied, and written together with its head."""


class ResponseSide(asyncio.Protocol, ABC):
    """The sending half of a connection. The receiving half sets the attributes."""

    completions: Completions
    is_reading_paused = False
    _is_writing_paused = False
    _is_deaf = False
    """True once the connection ignores all data that it receives."""
    _has_ended = False
    """True once the client has said that it sends no more."""
    _writer: StreamWriter | None = None
    """Writes the streamed response to the first request."""
    _parts: ServerParts
    _application: Application
    _queue: deque[Pending]
    _transport: asyncio.Transport
    _sending: SendTimeout
    _receiving: ReceiveTimeout
    _reader: RequestReader

    @abstractmethod
    def close(self) -> None:
        """Close the connection once all written data has been sent."""

    @abstractmethod
    def _advance(self) -> None:
        """Begin the first request, and after its response the next one, as far as they are complete."""

    @abstractmethod
    def _settle(self) -> None:
        """Start the timer for the data that the client must send next, and pause or resume reading."""

    def answer(self, pending: Pending, answer: Any, error: SeldonError | None) -> None:
        """Respond to the first request in the queue, unless its client has disconnected."""
        if not self._queue or self._queue[0] is not pending:
            return
        if type(answer) is Unpacked:
            response = self._application.resume(pending.exchange, answer, pending.done)
        else:
            response = self._application.finish(pending.exchange, answer, error, pending.done)
        if response is None:
            return
        self._respond(pending, response)
        self._advance()
        self._settle()

    def _respond(self, pending: Pending, response: HttpResponse) -> None:
        if response.stream is not None:
            self._begin_stream(pending, response, response.stream)
            return
        self._queue.popleft()
        pending.is_answered = True
        if self._transport.is_closing():
            return
        closing = not pending.keep_alive or self._application.service.draining
        head = self._parts.text.head(response, closing=closing)
        body = response.content(pending.exchange.request.verb)
        if len(body) <= _ONE_PIECE_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        if closing:
            self._close_answered()

    def _begin_stream(self, pending: Pending, response: HttpResponse, stream: ResponseStream) -> None:
        is_old = not self._reader.takes_interim
        pending.keep_alive = pending.keep_alive and not is_old
        closing = not pending.keep_alive or self._application.service.draining
        if self._transport.is_closing():
            stream.close()
            return
        if pending.exchange.request.verb == "HEAD":
            stream.close()
            self._transport.write(self._parts.text.head(response, closing=closing, is_old=is_old))
            self.streamed(pending)
            return
        pending.is_streamed = True
        self._transport.write(self._parts.text.head(response, closing=closing, is_old=is_old))
        self._writer = StreamWriter(
            self, pending, stream, self._transport, self.completions, is_chunked=not is_old
        )
        self._writer.begin(is_paused=self._is_writing_paused)

    def streamed(self, pending: Pending) -> None:
        """Go on after a streamed response."""
        self._writer = None
        self._queue.popleft()
        pending.is_answered = True
        if not pending.keep_alive or self._application.service.draining:
            self._close_answered()
        self._advance()
        self._settle()

    def _probe(self) -> None:
        """Send data that mean nothing to the client of a streamed response, to learn whether it reads."""
        if self._writer is not None:
            self._writer.probe()

    def _close_answered(self) -> None:
        """Close the connection after a response."""
        is_whole, self._is_deaf = not self._is_deaf and self._reader.in_body is None, True
        if is_whole or self._has_ended:
            self.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Close the connection later: if the client is still sending, closing now would lose the response."""
        self._is_deaf = True
        if self._transport.can_write_eof():  # TLS cannot close one direction alone
            self._transport.write_eof()
        self._sending.start()
        self._receiving.expect(SKIPPED)
        if self.is_reading_paused:
            self.is_reading_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Stop sending responses: the client reads more slowly than the server writes."""
        self._is_writing_paused = True
        self._sending.start()
        if self._writer is not None:
            self._writer.pause()

    def resume_writing(self) -> None:
        """Send responses again: the client has read the earlier ones."""
        self._is_writing_paused = False
        if not self._transport.is_closing():
            self._sending.stop()
            if self._writer is not None:
                self._writer.resume()
            self._advance()
            self._settle()
