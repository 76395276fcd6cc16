"""The reader of a connection's requests: httptools parses them, and their size is limited."""

from __future__ import annotations

from collections.abc import Callable

import httptools

from seldon_runtime_rest.application import Application, Client
from seldon_runtime_rest.request import Headers
from seldon_runtime_rest.server.pending import Pending
from seldon_runtime_rest.server.refusal import Refused, check_head
from seldon_runtime_rest.server.upgrade import parser_behind

_MAX_FRAMING_BYTES = 64 * 1024
"""The limit for the bytes of a chunked body that are not content: long chunk sizes, extensions, trailers."""
_USUAL_FRAMING_BYTES = 16
"""Around each piece of content, this many bytes do not count towards the limit."""


class RequestReader:
    """Makes requests from the bytes that a client sends. The parser calls the ``on_...`` methods.

    Args:
        application: finds the route of a request.
        client: the client's host and port; None when unknown.
        begun: receives each request once its head is complete; it may raise Refused.
        first_byte: is called at the first byte of each request.
        max_head_bytes: the largest size of the request line and headers together.
    """

    __slots__ = (
        "_application",
        "_begun",
        "_client",
        "_framing_bytes",
        "_is_offer",
        "_lines",
        "_max_head_bytes",
        "_parser",
        "head_bytes",
        "in_body",
        "on_first_byte",
        "target",
    )

    def __init__(
        self,
        application: Application,
        client: Client,
        begun: Callable[[Pending], None],
        first_byte: Callable[[], None],
        max_head_bytes: int,
    ) -> None:
        self._application = application
        self._client = client
        self._begun = begun
        self.on_first_byte = first_byte
        self._max_head_bytes = max_head_bytes
        self.target = b""
        """The target of the latest request, as far as it came."""
        self._lines: list[tuple[bytes, bytes]] = []
        self._framing_bytes = 0
        self._is_offer = False
        self.head_bytes = 0
        """The bytes that came of a head which is not complete; 0 between requests."""
        self.in_body: Pending | None = None
        """The request whose head is complete and whose body is not; else None."""
        self._parser = httptools.HttpRequestParser(self)

    @property
    def takes_interim(self) -> bool:
        """True if the client's version of HTTP has interim responses."""
        return self._parser.get_http_version() == "1.1"

    def feed(self, data: bytes) -> None:
        """Parse the data that came.

        Raises:
            Refused: the data is not valid HTTP/1.1, or a part of the request is too large.
        """
        if self.in_body is None:
            self.head_bytes += len(data)
        else:
            self._framing_bytes += len(data)
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._feed_behind(data[offer.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, Refused):
                raise error.__context__ from None
            raise Refused(400, f"this is not a valid HTTP/1.1 request: {error}") from None
        if self.in_body is None:
            if self.head_bytes > self._max_head_bytes:
                raise self._too_large()
        else:
            self._check_framing(self._framing_bytes)

    def stop(self) -> None:
        """Release the memory of an incomplete body: no more of it will come.

        The connection, this reader and its parser refer to each other, so without this only the garbage
        collector would free it.
        """
        if self.in_body is not None:
            self.in_body.exchange.drop_body()
            self.in_body = None

    def on_message_begin(self) -> None:
        """Receive the beginning of a request."""
        self.head_bytes = self.head_bytes or 1
        self.target = b""
        self._lines = []
        self.on_first_byte()

    def on_url(self, part: bytes) -> None:
        """Receive a part of the target."""
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header."""
        self._lines.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Check the head, which is complete, and make the request."""
        parser = self._parser
        version = parser.get_http_version()
        headers = Headers(self._lines)
        check_head(version, headers)
        if self.head_bytes > self._max_head_bytes:  # this count may include bytes of the body
            size = len(self.target) + sum(len(name) + len(value) + 4 for name, value in self._lines)
            if size > self._max_head_bytes:
                raise self._too_large()
        try:
            exchange = self._application.open(parser.get_method(), self.target, headers, self._client)
        except ValueError as error:
            raise Refused(400, str(error)) from error
        keep_alive = version != "1.0" and parser.should_keep_alive()
        expects = headers.raw.get(b"expect", b"") if version != "1.0" else b""
        self.in_body = pending = Pending(
            exchange, keep_alive, bool(expects) and expects.lower() == b"100-continue"
        )
        self._is_offer = parser.should_upgrade()
        self._framing_bytes = 0
        self._lines = []  # from now on the parser reports trailers, which do not belong to the headers
        self._begun(pending)

    def on_body(self, part: bytes) -> None:
        """Receive a part of the body."""
        self._framing_bytes = max(0, self._framing_bytes - len(part) - _USUAL_FRAMING_BYTES)
        assert self.in_body is not None
        self.in_body.exchange.add(part, self._application)

    def on_message_complete(self) -> None:
        """Receive the end of a request."""
        pending = self.in_body
        if self._is_offer or pending is None:  # the body of a request with an offer is still to be parsed
            return
        if self._lines:  # of trailers, which the parser may report at once with the end
            self._check_framing(sum(len(name) + len(value) + 4 for name, value in self._lines))
        pending.is_whole = True
        pending.exchange.close_body()
        self.in_body = None
        self.head_bytes = 0

    def _feed_behind(self, data: bytes) -> None:
        """Parse the data after the head of a request that offers an upgrade."""
        while True:
            pending = self.in_body
            assert pending is not None
            self._is_offer = False
            lines = pending.exchange.request.headers.lines
            self._parser = parser_behind(self, lines, keep_alive=pending.keep_alive)
            if not data:
                return
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
            else:
                return

    def _check_framing(self, size: int) -> None:
        if size > _MAX_FRAMING_BYTES:
            raise Refused(
                400, f"chunk sizes, extensions and trailers have more than {_MAX_FRAMING_BYTES} bytes in all"
            )

    def _too_large(self) -> Refused:
        return Refused(431, f"the request line and headers have more than {self._max_head_bytes} bytes")
