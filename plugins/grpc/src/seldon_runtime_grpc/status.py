"""Errors as gRPC status: the one table from error codes to status codes, and the trailing metadata."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import grpc

from seldon_runtime.plugin import ErrorCode, SeldonError

logger = logging.getLogger(__name__)

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
    ErrorCode.RATE_LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorCode.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorCode.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorCode.CANCELLED: grpc.StatusCode.CANCELLED,
    ErrorCode.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
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
"""Clients refuse trailers above 8 KiB, and details are sent percent-encoded."""
_HEADERS_BYTES = 2048
"""The part of the trailers that further headers may take."""
_ENTRY_BYTES = 32
"""HPACK's overhead of each header (RFC 7541, section 4.1)."""
_KEY = re.compile(r"(?!grpc-)[0-9a-z_.-]+(?<!-bin)")
"""A key of text metadata ("Custom-Metadata" in gRPC's PROTOCOL-HTTP2)."""
_OWN_KEYS = frozenset({REASON, REQUEST_ID})

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Status(grpc.Status):
    """An error as ``context.abort_with_status`` takes it."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: Metadata = ()


def code_of(error: SeldonError) -> grpc.StatusCode:
    """Return the gRPC code of an error."""
    return STATUS_OF[error.code] if error.status_code is None else _of_http(error.status_code)


def status_of(
    error: SeldonError, request_id: str | None, response_headers: Mapping[str, str] | None = None
) -> Status:
    """Return the status of an error.

    Its details are the message, shortened if need be. Its trailing metadata are the reason, the request id,
    the call's response headers and the error's own headers.
    """
    metadata = [(REASON, str(error.reason))]  # a subclass may have set any object
    if request_id is not None:
        metadata.append((REQUEST_ID, request_id))
    own = tuple(pair for pair in metadata if _is_printable(pair[1]))
    if response_headers or error.headers:
        own += trailing_metadata({**(response_headers or {}), **error.headers})
    return Status(code_of(error), _shortened(str(error.message)), own)


def trailing_metadata(headers: Mapping[Any, Any]) -> Metadata:
    """Return headers as trailing metadata, with lower-case keys.

    A header that cannot be sent is logged and left out: a key or value with characters that gRPC does not
    allow, a key that this transport sets itself, or more than clients accept. Headers come from plugins and
    user code, so their types are not trusted.
    """
    metadata: list[tuple[str, str]] = []
    left_bytes = _HEADERS_BYTES
    for name, value in headers.items():
        key = str(name).lower()
        if not _can_be_sent(key, value):
            logger.warning("response header %.80r cannot be sent as gRPC metadata, and is left out", name)
            continue
        size = len(key) + len(value) + _ENTRY_BYTES
        if size > left_bytes:
            logger.warning("response header %.80r is left out: more than %d bytes", name, _HEADERS_BYTES)
            continue
        left_bytes -= size
        metadata.append((key, value))
    return tuple(metadata)


def _of_http(status_code: int) -> grpc.StatusCode:
    other = grpc.StatusCode.INVALID_ARGUMENT if status_code < 500 else grpc.StatusCode.INTERNAL
    return _STATUS_OF_HTTP.get(status_code, other)


def _shortened(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) * 12 <= _DETAILS_BYTES or len(quote(text)) <= _DETAILS_BYTES:
        return text
    whole_escapes = re.sub("%.?$", "", quote(text)[:_DETAILS_BYTES])
    return unquote(whole_escapes, errors="ignore") + "…"


def _can_be_sent(key: str, value: object) -> bool:
    is_free = _KEY.fullmatch(key) is not None and key not in _OWN_KEYS
    return is_free and isinstance(value, str) and _is_printable(value)


def _is_printable(value: str) -> bool:
    """Return whether gRPC can send the value: printable ASCII ("Custom-Metadata" in PROTOCOL-HTTP2)."""
    return value.isascii() and value.isprintable()
