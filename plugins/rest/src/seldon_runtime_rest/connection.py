"""One HTTP/1.1 connection: uvicorn's, with a bound on the head of a request, and deaf to upgrades."""

from __future__ import annotations

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from seldon_runtime.errors import ErrorCode
from seldon_runtime_rest.answer import HttpAnswer, status_answer

MAX_HEAD_BYTES = 64 * 1024
"""Most bytes of a request line and headers together; a little more passes when it arrives at once."""
_UPGRADE = re.compile(rb"\nupgrade(?=:)", re.IGNORECASE)


class Connection(HttpToolsProtocol):
    """What the parser itself lacks.

    It keeps any number of header bytes, so a client could fill the memory. And when a client offers
    an upgrade it drops the request's body, though a server that does not upgrade has to answer the
    request as if there were no offer (RFC 9110, section 7.8): Java's ``HttpClient`` offers HTTP/2 with
    its first request on every connection.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what came."""
        if self._in_head:
            self._head_bytes += len(data)
            end = data.find(b"\r\n\r\n")
            offer = _UPGRADE.search(data, 0, end if end >= 0 else len(data))
            if offer is not None:
                data = data[: offer.end()] + b"-offered" + data[offer.end() :]
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, f"the request line and headers have more than {MAX_HEAD_BYTES} bytes")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when the parser gave up."""
        self._refuse(400, "this is no valid HTTP/1.1 request")

    def _refuse(self, status: int, info: str) -> None:
        """Answer what never becomes a whole request, and close; only close when an earlier one waits for its
        answer, which this would be taken for."""
        latest: RequestResponseCycle | None = self.cycle
        is_alone = not self._in_head and not self.pipeline
        if latest is None or latest.response_complete or (is_alone and not latest.response_started):
            self.transport.write(_text(status_answer(status, info, ErrorCode.BAD_DATA.value)))
        self.transport.close()


def _text(answer: HttpAnswer) -> bytes:
    reason = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}[answer.status]
    head = (
        b"HTTP/1.1 %d %s" % (answer.status, reason),
        b"content-type: " + answer.content_type.encode("ascii"),
        b"content-length: %d" % len(answer.body),
        b"connection: close",
    )
    return b"\r\n".join((*head, b"", answer.body))
