"""Compressed responses, for clients that ask for them by ``Accept-Encoding`` (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import partial

from seldon_runtime.plugin import Done, SeldonError
from seldon_runtime_rest.compression.requests import DEFLATE, InThread
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import BODILESS, HttpResponse

_GZIP = "gzip"
_WINDOWS = {_GZIP: 16 + zlib.MAX_WBITS, DEFLATE: zlib.MAX_WBITS}
"""zlib's windows of the codings, the preferred one first."""
_LEVEL = 1
"""The fastest level: the higher ones take several times as long for numbers, and save little."""
_LARGE_BYTES = 16 * 1024
"""Compressing a larger body would hold up other connections of the event loop, so a thread does it."""
_NEVER = ("text/event-stream", "image/", "audio/", "video/", "application/zip", "application/gzip")
"""Media types whose events must arrive at once, or which are compressed already."""


@dataclass(slots=True)
class Packed:
    """A compressed response, in place of an answer: it can be sent."""

    response: HttpResponse


class Packing:
    """Compresses the responses of one application.

    Args:
        least_bytes: the size from which on a body is compressed.
        in_thread: compresses large bodies.
    """

    def __init__(self, least_bytes: int, in_thread: InThread) -> None:
        self._least_bytes = least_bytes
        self._in_thread = in_thread

    def packed(self, response: HttpResponse, request: HttpRequest, done: Done) -> HttpResponse | None:
        """Return the response for a request, compressed if the client accepts it.

        Returns:
            The response, or None if a thread compresses it. Then ``done`` receives a :class:`Packed`.
        """
        if not self._may_pack(response):
            return response
        response = response.with_headers([("Vary", "Accept-Encoding")])
        accepted = request.headers.get("accept-encoding", "")
        coding = coding_of(accepted) if accepted and request.verb != "HEAD" else None
        if coding is None:
            return response
        if len(response.body) <= _LARGE_BYTES:
            return _compressed(response, coding)
        try:
            self._in_thread(partial(_pack, response, coding), done)
        except SeldonError:  # too many requests wait for a thread: the client takes plain responses, too
            return response
        return None

    def _may_pack(self, response: HttpResponse) -> bool:
        return (
            len(response.body) >= self._least_bytes
            and response.status not in BODILESS
            and not response.content_type.startswith(_NEVER)
            and not any(_forbids(name.lower(), value.lower()) for name, value in response.headers)
        )


def _forbids(name: str, value: str) -> bool:
    """Return whether a header forbids to compress the body: it is compressed, or must not be transformed."""
    return name == "content-encoding" or (name == "cache-control" and "no-transform" in value)


def coding_of(accepted: str) -> str | None:
    """Return the coding that a client prefers, by its weights; gzip before deflate. None for no coding.

    Args:
        accepted: the value of ``Accept-Encoding``.
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip()] = _weight(parameter)
    others = weights.get("*", 0.0)
    known = {coding: weights.get(coding, others) for coding in _WINDOWS}
    best = max(known, key=lambda coding: known[coding])
    return best if known[best] > weights.get("identity", 0.0) or known[best] == 1 else None


def _weight(parameter: str) -> float:
    """Return the weight of a coding: 1 without a parameter ``q``, 0 for an invalid value."""
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def _pack(response: HttpResponse, coding: str, done: Done) -> None:
    done(Packed(_compressed(response, coding)), None)


def _compressed(response: HttpResponse, coding: str) -> HttpResponse:
    body = zlib.compress(response.body, _LEVEL, _WINDOWS[coding])
    return replace(response, body=body, headers=(*response.headers, ("Content-Encoding", coding)))
