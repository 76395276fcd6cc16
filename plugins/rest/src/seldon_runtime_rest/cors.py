"""Cross-origin requests: the response headers that let web pages of other origins call the service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HeaderItems, HttpResponse

_ORIGIN = "Access-Control-Allow-Origin"
_ALLOWED_HEADERS = "Content-Type, X-Request-Id"
_ALWAYS_ALLOWED = ("GET", "POST", "OPTIONS")
_VARY: HeaderItems = (("Vary", "Origin"),)


class CrossOrigin:
    """Adds the CORS headers that browsers expect to responses (Fetch standard, section 3.2).

    Args:
        origins: the origins whose pages may call, such as ``https://example.org``; ``*`` stands for any.
        verbs: the HTTP methods that routes take.
    """

    def __init__(self, origins: Sequence[str], verbs: Iterable[str]) -> None:
        methods = [*_ALWAYS_ALLOWED, *sorted(set(verbs) - {*_ALWAYS_ALLOWED, "HEAD"})]
        self._allowed: HeaderItems = (
            ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
            ("Access-Control-Allow-Methods", ", ".join(methods)),
        )
        self._origins = frozenset(origins)
        self._allows_all = "*" in origins

    def added_to(self, response: HttpResponse, request: HttpRequest) -> HttpResponse:
        """Return the response with the CORS headers for this request, which replace the response's own."""
        added = self._headers_for(request)
        names = {name.lower() for name, _ in added} - {"vary"}
        kept = [(name, value) for name, value in response.headers if name.lower() not in names]
        return replace(response, headers=(*kept, *added))

    def _headers_for(self, request: HttpRequest) -> HeaderItems:
        if self._allows_all:
            return ((_ORIGIN, "*"), *self._allowed)
        origin = request.headers.get("origin")
        if origin not in self._origins:
            return _VARY
        return (*_VARY, (_ORIGIN, origin), *self._allowed)
