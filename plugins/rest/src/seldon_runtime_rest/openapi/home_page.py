"""The page at ``/``: what is served, with links. Plain HTML without scripts and styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seldon_runtime.plugin import ComposedService, Method, SeldonError, Service
from seldon_runtime_rest import health
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.route import HttpRoute
from seldon_runtime_rest.v1 import paths as v1

PATH = "/"
_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
)
_LINKS = {
    "docs/": "documentation: try each method",
    v1.OPENAPI[1:]: "OpenAPI document",
    v1.METADATA[0][1:]: "metadata",
    health.READY[1:]: "readiness",
    health.LIVE[1:]: "liveness",
}
"""Addresses relative to the page, so that they work behind a proxy that adds a path prefix."""
_DOCS = ("docs/", v1.OPENAPI[1:])
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{name}</title></head>
<body>
<h1>{name}</h1>
<p>{class_name}, served as {service_type}: {state}.</p>
{picture}<h2>Methods</h2>
<ul>
{methods}
</ul>
<h2>More</h2>
<ul>
{links}
</ul>
</body>
</html>
"""


def home_route(service: Service, *, has_docs: bool = True) -> HttpRoute:
    """Return the route of the page; without the links to the documentation if the service has none."""

    def home(request: HttpRequest) -> HttpResponse:
        return HttpResponse(
            200, _page(service, has_docs=has_docs).encode(), "text/html; charset=utf-8", _HEADERS
        )

    return HttpRoute(("GET",), PATH, home, reads_body=False)


def _page(service: Service, *, has_docs: bool) -> str:
    from html import escape  # with a large table of entities, for this page alone

    metadata: Mapping[str, object]
    try:
        metadata = service.metadata()
    except SeldonError:
        metadata = {}
    first: dict[Method, str] = {}
    for path, (method, _) in v1.CALLS.items():
        if method in service.methods:
            first.setdefault(method, path)
    return _PAGE.format(
        name=escape(str(metadata.get("name") or service.class_name)),
        class_name=escape(service.class_name),
        service_type=service.service_type.value,
        state="ready" if service.ready else "not ready",
        picture=_picture(service),
        methods=_items(f"<code>{method.value}</code>: POST {path}" for method, path in first.items())
        or "<li>none of its own</li>",
        links=_items(
            f'<a href="{address}">{address}</a>: {text}'
            for address, text in _LINKS.items()
            if has_docs or address not in _DOCS
        ),
    )


def _picture(service: Service) -> str:
    picture = service.picture() if isinstance(service, ComposedService) else ""
    return picture and f"<h2>Graph</h2>\n{picture}\n"


def _items(texts: Iterable[str]) -> str:
    return "\n".join(f"<li>{text}</li>" for text in texts)
