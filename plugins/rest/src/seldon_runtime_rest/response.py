"""HTTP responses: status, headers and body, and the table of the status for each error code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_rest.streaming.body import ResponseStream

JSON = "application/json"
REQUEST_ID = "X-Request-Id"

STATUS_OF = {
    ErrorCode.BAD_DATA: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
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
BODILESS = (204, 304)
"""Statuses whose responses have no body (RFC 9110, section 6.4.1)."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\u0100-\U0010ffff]*")
"""Valid names and values of headers (RFC 9110, section 5)."""
_OF_THE_SERVER = frozenset(
    {"connection", "content-length", "content-type", "date", "keep-alive", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)

HeaderItems = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class HttpResponse:
    """One HTTP response.

    The server adds Date, Content-Type, Content-Length and Connection; ``headers`` must not name them. Do not
    change a response after you have returned it. The class is not frozen, since that would slow each call.
    """

    status: int
    """The status code, 200 to 599."""
    body: bytes = b""
    content_type: str = JSON
    headers: HeaderItems = ()
    stream: ResponseStream | None = None
    """The items of a streamed body, which :attr:`body` then lacks. The transport sets it."""

    def with_headers(self, items: Iterable[tuple[str, str]]) -> HttpResponse:
        """Return a copy of this response with these headers added."""
        headers = (*self.headers, *items) if self.headers else tuple(items)
        return HttpResponse(self.status, self.body, self.content_type, headers, self.stream)

    def check(self) -> None:
        """Raise ValueError when this response is not valid HTTP, for example a line break in a header."""
        status: object = self.status  # plugins and user code may have set any object
        if not (isinstance(status, int) and 200 <= status <= 599):
            raise ValueError(f"the status of a response is {self.status!r:.40}, expected 200 to 599")
        if type(self.body) is not bytes:
            raise ValueError(f"the body of a response is {type(self.body).__name__}, expected bytes")
        if self.content_type != JSON:
            _check_value("content-type", self.content_type)
        for name, value in self.headers:
            if type(value) is not str or not (value.isascii() and value.isprintable()):
                _check_value(name, value)
            _lower_name(name)

    def header_lines(self) -> str:
        """Return the lines of the own headers, without those that the server adds."""
        lines = ""
        for name, value in self.headers:
            lines += f"{_lower_name(name)}: {value}\r\n"
        return lines

    def header_items(self) -> list[tuple[bytes, bytes]]:
        """Return the lower-case names and the values of all headers except Date and Connection."""
        items = [
            (_lower_name(name).encode("latin-1"), value.encode("latin-1")) for name, value in self.headers
        ]
        if self.status not in BODILESS:
            items.append((b"content-type", self.content_type.encode("latin-1")))
            if self.stream is None:
                items.append((b"content-length", b"%d" % len(self.body)))
        return items

    def content(self, verb: str) -> bytes:
        """Return the body to send after the headers; empty for HEAD and for the statuses 204 and 304."""
        return b"" if verb == "HEAD" or self.status in BODILESS else self.body


class CallResponse(HttpResponse):
    """The response to one call, which nobody else has: more headers need no copy of it."""

    __slots__ = ()

    def with_headers(self, items: Iterable[tuple[str, str]]) -> HttpResponse:
        """Return this response, with these headers added."""
        self.headers = (*self.headers, *items) if self.headers else tuple(items)
        return self


@lru_cache(maxsize=1024)
def _lower_name(name: object) -> str:
    """Return the lower-case name of a header.

    Raises:
        ValueError: the name is not valid, or the server sets this header.
    """
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(f"invalid name of a response header: {name!r:.80}")
    if name.lower() in _OF_THE_SERVER:
        raise ValueError(f"the response header {name!r} is set by the server")
    return name.lower()


def _check_value(name: object, value: object) -> None:
    """Raise ValueError for a value of a header that is not valid HTTP."""
    if not (isinstance(value, str) and _VALUE.fullmatch(value)):
        raise ValueError(f"invalid response header {name!r:.80}: {value!r:.80}")


def status_of(error: SeldonError) -> int:
    """Return the HTTP status of an error: its own ``status_code``, or the status of its code."""
    return error.status_code or STATUS_OF[error.code]


def error_response(error: SeldonError, request_id: str | None = None) -> HttpResponse:
    """Return the v1 protocol's error body (``SeldonMessage.status``), with the error's headers."""
    headers: HeaderItems = ((REQUEST_ID, request_id),) if request_id else ()
    return status_response(status_of(error), error.message, error.reason, headers + _own_headers(error))


def fault() -> SeldonError:
    """Return the error for an exception in this plugin or in another one; the log has the details."""
    return SeldonError("the REST transport failed; its log says why", code=ErrorCode.COMPONENT_FAILED)


def status_response(status: int, info: str, reason: str, headers: HeaderItems = ()) -> HttpResponse:
    """Return a response with this status and an error body. The texts may be any objects of user code."""
    body = {"status": {"code": -1, "info": _text(info), "reason": _text(reason), "status": 1}}
    return HttpResponse(status, orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE), headers=headers)


def _own_headers(error: SeldonError) -> HeaderItems:
    headers: Mapping[str, str] | None = error.headers
    return tuple(headers.items()) if headers else ()


def _text(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()
