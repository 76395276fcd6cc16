"""Requests that are not valid HTTP, or that cost too much: refused before any route sees them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.application import Application, Exchange
from seldon_runtime_rest.request import Headers, HttpRequest
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.targets import merged_slashes, parts_of

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]*)?")
_MOST_DIGITS = 20
"""A Content-Length below 2 to the power of 64 has at most this many digits."""
_MOST_TARGET_BYTES = 2**16 - 1
"""The longest target that httptools parses. Its path begins as that of a longer one does."""


class Refused(Exception):
    """This request is refused, and the connection ends. Raised while the parser runs, too."""

    def __init__(self, status: int, info: str) -> None:
        super().__init__(info)
        self.status = status
        self.info = info


def check_head(version: str, headers: Headers) -> None:
    """Raise Refused for a head that a proxy may read in another way (RFC 9112, sections 3.2 and 6.1)."""
    values = headers.raw
    if version not in ("1.1", "1.0"):
        raise Refused(400, f"the version is HTTP/{version}, expected HTTP/1.1")
    host = values.get(b"host")
    if host is None:
        if version == "1.1":
            raise Refused(400, "the Host header is missing, expected the name of this server")
    elif not _is_host(host):
        raise Refused(400, f"the Host header is {host!r:.80}, expected a name and optionally a port")
    length = values.get(b"content-length")
    if length is not None and len(length) > _MOST_DIGITS and len(length.strip()) > _MOST_DIGITS:
        raise Refused(
            400, f"the Content-Length has {len(length)} characters, at most {_MOST_DIGITS} are valid"
        )
    if b"transfer-encoding" in values:
        if version == "1.0":
            raise Refused(400, "a request of HTTP/1.0 has a transfer coding, expected a Content-Length")
        if values[b"transfer-encoding"].lower() != b"chunked":
            raise Refused(
                400, f"the transfer coding is {values[b'transfer-encoding']!r:.80}, expected chunked"
            )
    if len(values) < len(headers.lines):
        names = [name for name, _ in headers.lines]
        for name in (b"host", b"transfer-encoding"):
            if names.count(name) > 1:
                raise Refused(400, f"there are several {name.decode()} headers")


@lru_cache(maxsize=128)
def _is_host(value: bytes) -> bool:
    """Return whether the value of a Host header has the form of RFC 9110, section 7.2."""
    return _HOST.fullmatch(value) is not None


def refusal_response(application: Application, error: SeldonError, target: bytes) -> HttpResponse:
    """Return the response that ends the connection, in the form of errors at the path of the target.

    Args:
        application: knows the form of errors below each path.
        error: the reason of the refusal.
        target: the target of the request, as far as it came; empty when unknown.
    """
    try:
        path = unquote(merged_slashes(parts_of(target[:_MOST_TARGET_BYTES])[0]))
    except ValueError:
        path = "/"
    refused = Exchange(HttpRequest("GET", path, "", Headers([]), None), None, None)
    response = application.finish(refused, None, error, lambda answer, error: None)
    assert response is not None  # without Accept-Encoding nothing is compressed
    return response
