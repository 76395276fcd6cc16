"""HTTP answers: status and body, and the one table from error codes to statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from seldon_runtime.call import request_id_from
from seldon_runtime.errors import ErrorCode, SeldonError

JSON = "application/json"
REQUEST_ID = "X-Request-Id"

STATUS_OF = {
    ErrorCode.BAD_DATA: 400,
    ErrorCode.COMPONENT_FAILED: 500,
    ErrorCode.BAD_METRIC: 500,
    ErrorCode.BAD_METADATA: 500,
    ErrorCode.NOT_IMPLEMENTED: 501,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.OVERLOADED: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE_EXCEEDED: 504,
    ErrorCode.CANCELLED: 499,
}
_RETRY_AFTER_S = "1"


@dataclass(slots=True)
class HttpAnswer:
    """What goes out, whichever lane it came through. Headers besides the content's own.

    Not to be altered; not frozen, as each call makes one (see :mod:`seldon_runtime.message`).
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class UnknownCoding(SeldonError):
    """The body is compressed: nothing is unpacked here, whatever it would come to."""

    def __init__(self, coding: str) -> None:
        super().__init__(
            f"Content-Encoding is {coding:.80}, expected none: send the body uncompressed", status_code=415
        )


def given_request_id(headers: Mapping[bytes, bytes]) -> str | None:
    """The client's request id, from lower-case header names."""
    given = headers.get(b"x-request-id")
    return request_id_from(given.decode("latin-1")) if given else None


def status_of(error: SeldonError) -> int:
    """The HTTP status of an error."""
    return error.status_code or STATUS_OF[error.code]


def error_answer(error: SeldonError, request_id: str | None = None) -> HttpAnswer:
    """The protocol's error body (``SeldonMessage.status``)."""
    headers: tuple[tuple[str, str], ...] = ((REQUEST_ID, request_id),) if request_id else ()
    if error.code is ErrorCode.OVERLOADED:
        headers += (("Retry-After", _RETRY_AFTER_S),)
    if isinstance(error, UnknownCoding):
        headers += (("Accept-Encoding", "identity"),)  # RFC 9110, section 12.5.3
    return status_answer(status_of(error), error.message, error.reason, headers)


def fault() -> SeldonError:
    """What a client is told about a fault of this plugin; the log tells more."""
    return SeldonError("the REST transport failed; its log says why", code=ErrorCode.COMPONENT_FAILED)


def status_answer(
    status: int, info: str, reason: str, headers: tuple[tuple[str, str], ...] = ()
) -> HttpAnswer:
    """An error body with this HTTP status. The texts may come from user code: they may be anything."""
    body = {"status": {"code": -1, "info": _text(info), "reason": _text(reason), "status": 1}}
    return HttpAnswer(status, orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE), headers=headers)


def _text(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()
