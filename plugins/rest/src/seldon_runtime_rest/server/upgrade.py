"""Requests that offer an upgrade: the server ignores the offer and answers them (RFC 9110, section 7.8).

httptools stops after the head of such a request, since another protocol may follow. But a client with an
offer, such as Java's ``HttpClient`` in its first request, sends the body nevertheless. So a second parser
parses the body. Before that it gets a substitute head, which only says how the body is framed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httptools

_FRAMING = (b"content-length", b"transfer-encoding")


class Events(Protocol):
    """The methods that a parser calls."""

    def on_message_begin(self) -> None:
        """Receive the beginning of a request."""

    def on_url(self, part: bytes) -> None:
        """Receive a part of the target."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a header."""

    def on_headers_complete(self) -> None:
        """Receive the end of the head."""

    def on_body(self, part: bytes) -> None:
        """Receive a part of the body."""

    def on_message_complete(self) -> None:
        """Receive the end of the request."""


def parser_behind(
    events: Events, lines: Iterable[tuple[bytes, bytes]], *, keep_alive: bool
) -> httptools.HttpRequestParser:
    """Return a parser for the data after the head of a request that offers an upgrade.

    Args:
        events: receives the body and the requests that follow.
        lines: the request's headers.
        keep_alive: set True if other requests may follow on the connection.
    """
    framing = [b"%b: %b\r\n" % line for line in lines if line[0] in _FRAMING]
    close = b"" if keep_alive else b"Connection: close\r\n"
    behind = _Behind(events)
    parser = httptools.HttpRequestParser(behind)
    parser.feed_data(b"".join((b"POST / HTTP/1.1\r\n", *framing, close, b"\r\n")))
    return parser


class _Behind:
    """Passes the events of a parser on, except those of the substitute head."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._is_in_place = True
        self.on_body = events.on_body
        self.on_message_complete = events.on_message_complete

    def on_message_begin(self) -> None:
        if not self._is_in_place:
            self._events.on_message_begin()

    def on_url(self, part: bytes) -> None:
        if not self._is_in_place:
            self._events.on_url(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_place:
            self._events.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._is_in_place:
            self._events.on_headers_complete()
        self._is_in_place = False
