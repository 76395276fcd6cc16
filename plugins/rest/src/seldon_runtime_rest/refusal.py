"""A request that is not taken, whatever it asks for: why, and what its client is told."""

from __future__ import annotations

from http import HTTPStatus

from seldon_runtime.errors import ErrorCode
from seldon_runtime_rest.answer import HttpAnswer, status_answer


class Refused(Exception):
    """Raised while the parser runs, too: this request is not taken."""

    def __init__(self, status: int, info: str) -> None:
        super().__init__(info)
        self.status = status
        self.info = info


def check_head(version: str, headers: list[tuple[bytes, bytes]], values: dict[bytes, bytes]) -> None:
    """Raises Refused for what others on the way may read in another way (RFC 9112, sections 3.2 and 6.1)."""
    if version not in ("1.1", "1.0"):
        raise Refused(400, f"the version is HTTP/{version}, expected HTTP/1.1")
    if values.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise Refused(400, f"the transfer coding is {values[b'transfer-encoding']!r:.80}, expected chunked")
    if len(values) < len(headers):
        names = [name for name, _ in headers]
        for name in (b"host", b"transfer-encoding"):
            if names.count(name) > 1:
                raise Refused(400, f"there are several {name.decode()} headers")


def refusal_text(status: int, info: str, code: ErrorCode) -> bytes:
    """The whole answer, which ends the connection."""
    answer: HttpAnswer = status_answer(status, info, code.value)
    head = (
        b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode("ascii")),
        b"content-type: " + answer.content_type.encode("ascii"),
        b"content-length: %d" % len(answer.body),
        b"connection: close",
        *((b"retry-after: 1",) if code is ErrorCode.OVERLOADED else ()),
    )
    return b"\r\n".join((*head, b"", answer.body))
