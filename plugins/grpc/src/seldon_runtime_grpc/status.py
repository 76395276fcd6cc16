"""Errors as gRPC status: the one table from error codes, and what goes out beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

import grpc

from seldon_runtime.errors import ErrorCode, SeldonError

REQUEST_ID = "x-request-id"
REASON = "x-seldon-reason"

STATUS_OF = {
    ErrorCode.BAD_DATA: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorCode.COMPONENT_FAILED: grpc.StatusCode.INTERNAL,
    ErrorCode.BAD_METRIC: grpc.StatusCode.INTERNAL,
    ErrorCode.BAD_METADATA: grpc.StatusCode.INTERNAL,
    ErrorCode.NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    ErrorCode.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    ErrorCode.TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorCode.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorCode.CANCELLED: grpc.StatusCode.CANCELLED,
}

_STATUS_OF_HTTP = {  # google/rpc/code.proto, "HTTP Mapping", read backwards
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    409: grpc.StatusCode.ABORTED,
    410: grpc.StatusCode.NOT_FOUND,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    416: grpc.StatusCode.OUT_OF_RANGE,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_DETAILS_BYTES = 4096
"""Clients refuse trailers above 8 KiB, and details go out percent-encoded."""


@dataclass(frozen=True, slots=True)
class Status(grpc.Status):
    """What ``context.abort_with_status`` takes."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, str], ...] = ()


def code_of(error: SeldonError) -> grpc.StatusCode:
    """The gRPC code of an error."""
    return STATUS_OF[error.code] if error.status_code is None else _of_http(error.status_code)


def status_of(error: SeldonError, request_id: str | None) -> Status:
    """The status of an error: its message, shortened if need be, its reason and the request's id."""
    metadata = [(REASON, error.reason)]
    if request_id is not None:
        metadata.append((REQUEST_ID, request_id))
    return Status(
        code_of(error), _shortened(error.message), tuple(pair for pair in metadata if _can_travel(pair[1]))
    )


def _of_http(status_code: int) -> grpc.StatusCode:
    other = grpc.StatusCode.INVALID_ARGUMENT if status_code < 500 else grpc.StatusCode.INTERNAL
    return _STATUS_OF_HTTP.get(status_code, other)


def _shortened(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) * 12 <= _DETAILS_BYTES or len(quote(text)) <= _DETAILS_BYTES:
        return text
    whole_escapes = re.sub("%.?$", "", quote(text)[:_DETAILS_BYTES])
    return unquote(whole_escapes, errors="ignore") + "…"


def _can_travel(value: str) -> bool:
    """Metadata is printable ASCII ("Custom-Metadata" in gRPC's PROTOCOL-HTTP2)."""
    return value.isascii() and value.isprintable()
