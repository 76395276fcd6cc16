"""The writer of a streamed response: items are requested as fast as the client reads them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Protocol

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.server.completions import Completions
from seldon_runtime_rest.server.pending import Pending
from seldon_runtime_rest.streaming.body import ResponseStream

_MOST_ON_THE_WAY = 16
"""The items that may have left the component and not yet be written."""
_LAST_CHUNK = b"0\r\n\r\n"
_LEADING_ZERO = b"0"
"""The size of a chunk may begin with zeros (RFC 9112, section 7.1)."""


class Streaming(Protocol):
    """A connection, as the writer needs it."""

    def streamed(self, pending: Pending) -> None:
        """Go on after the response to this request."""


class StreamWriter:
    """Writes the body of one response. Used on the event loop's thread only, but for :meth:`take`.

    A few items may be on their way from the component's thread to this one, so that none waits for the other.

    Args:
        connection: the connection of the client.
        pending: the request.
        stream: the items.
        transport: the transport of the connection.
        completions: brings the items to the event loop.
        is_chunked: True to write chunks (RFC 9112, section 7.1), False for HTTP/1.0.
    """

    def __init__(
        self,
        connection: Streaming,
        pending: Pending,
        stream: ResponseStream,
        transport: asyncio.Transport,
        completions: Completions,
        *,
        is_chunked: bool,
    ) -> None:
        self._pending = pending
        self._connection = connection
        self._stream = stream
        self._transport = transport
        self._completions = completions
        self._is_chunked = is_chunked
        self._lock = threading.Lock()
        self._on_the_way = 0
        self._is_pulling = self._is_paused = self._is_over = self._is_probed = False

    def begin(self, *, is_paused: bool) -> None:
        """Request the first item."""
        self._is_paused = is_paused
        self._pull_if(0)

    def take(self, item: Any, error: SeldonError | None) -> None:
        """Pass an item on to the event loop, and request the next one if few are on their way. Any thread."""
        with self._lock:
            self._on_the_way += 1
            self._is_pulling = False
        self._completions.add(self, item, error)
        if item is not None:
            self._pull_if(_MOST_ON_THE_WAY - 1)

    def answer(self, item: Any, error: SeldonError | None) -> None:
        """Write an item, or the end of the response."""
        if self._is_over:
            return
        text, is_last = self._stream.text(item, error)
        self._write(text, is_last=is_last)
        with self._lock:
            self._on_the_way -= 1
            self._is_over = is_last
        if is_last:
            self._connection.streamed(self._pending)
        else:
            self._pull_if(_MOST_ON_THE_WAY // 2)

    def pause(self) -> None:
        """Request no further item: the client reads too slowly."""
        with self._lock:
            self._is_paused = True

    def resume(self) -> None:
        """Go on: the client has read what was written."""
        with self._lock:
            self._is_paused = False
        self._pull_if(_MOST_ON_THE_WAY // 2)

    def _pull_if(self, most_on_the_way: int) -> None:
        """Request the next item if the client reads and at most so many items are on their way."""
        with self._lock:
            if self._is_pulling or self._is_paused or self._is_over or self._on_the_way > most_on_the_way:
                return
            self._is_pulling = True
        self._stream.pull(self.take)

    def close(self) -> None:
        """Close the component's stream: the client disconnected."""
        if not self._is_over:
            with self._lock:
                self._is_over = True
            self._stream.close()

    def cut_off(self, error: SeldonError) -> None:
        """End the response with an error before its time."""
        if not self._is_over:
            text, _ = self._stream.text(None, error)
            self.close()
            self._write(text, is_last=True)

    def probe(self) -> None:
        """Write data that change nothing, so that the connection of a client that has left breaks.

        It is the first digit of the next chunk's size, once for each chunk. HTTP/1.0 has no such data.
        """
        if self._is_chunked and not self._is_probed and not self._is_over:
            self._is_probed = True
            self._transport.write(_LEADING_ZERO)

    def _write(self, text: bytes, *, is_last: bool) -> None:
        if self._is_chunked:
            text = b"%x\r\n%b\r\n" % (len(text), text) if text else b""
            text += _LAST_CHUNK if is_last else b""
        if text:
            self._is_probed = False
            self._transport.write(text)
