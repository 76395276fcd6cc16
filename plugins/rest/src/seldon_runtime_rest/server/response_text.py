"""The heads of responses as HTTP/1.1 text."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

from seldon_runtime.protocols.remembered import Remembered
from seldon_runtime_rest.response import BODILESS, HttpResponse


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase.encode("ascii")
    except ValueError:  # an unregistered status may have any reason phrase, also an empty one
        phrase = b""
    return b"HTTP/1.1 %d %b\r\n" % (status, phrase)


_STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}
_CHUNKED = b"transfer-encoding: chunked\r\n"
_CLOSE = "connection: close\r\n"


class ResponseText:
    """Writes the heads of responses. It formats the date once a second."""

    __slots__ = ("_begins", "_date", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._date = b""
        self._begins: Remembered[tuple[int, str], bytes] = Remembered()
        """The beginnings of heads, by status and content type: all up to the number of the length."""

    def head(self, response: HttpResponse, *, closing: bool, is_old: bool = False) -> bytes:
        """Return the status line and headers, with the empty line after them.

        Args:
            response: a valid response.
            closing: add ``connection: close``, which makes the client close the connection.
            is_old: True for a client of HTTP/1.0, which knows no chunks.
        """
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._begins.clear()
            self._date = b"date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
        status, kind = response.status, response.content_type
        if response.stream is None and status not in BODILESS:
            begin = self._begins.get((status, kind)) or self._begin(status, kind)
            if not (response.headers or closing):  # most responses
                return b"%b%d\r\n\r\n" % (begin, len(response.body))
            end = f"{len(response.body)}\r\n{response.header_lines()}{_CLOSE if closing else ''}\r\n"
            return begin + end.encode("latin-1")  # several lines take half the time of formatting bytes
        lines = [b"%b: %b\r\n" % item for item in response.header_items()]
        if response.stream is not None and not is_old:
            lines.append(_CHUNKED)
        lines += (_CLOSE.encode() if closing else b"", b"\r\n")
        return b"".join((_STATUS_LINES[status], self._date, *lines))

    def _begin(self, status: int, content_type: str) -> bytes:
        headers = f"content-type: {content_type}\r\ncontent-length: ".encode("latin-1")
        begin = b"".join((_STATUS_LINES[status], self._date, headers))
        self._begins.remember((status, content_type), begin)
        return begin
