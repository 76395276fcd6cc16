"""The page at ``/``: what is served, a command that calls it, and links. HTML without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from seldon_runtime.plugin import ComposedService, Method, SeldonError, Service
from seldon_runtime.protocols.base64_text import encode_base64
from seldon_runtime_rest import health
from seldon_runtime_rest.openapi.examples import message_examples
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.route import HttpRoute
from seldon_runtime_rest.v1 import paths as v1

PATH = "/"
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2.5rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 }
h2 { font-size: 1.1rem; margin-top: 2rem }
pre { padding: .8rem 1rem; border: 1px solid #8886; border-radius: .5rem; overflow-x: auto }
code, pre { font-family: ui-monospace, monospace; font-size: .9rem }
svg { max-width: 100%; height: auto; background: #fff; border-radius: .5rem }
"""
_STYLE_HASH = encode_base64(sha256(_STYLE.encode()).digest())
_HEADERS = (
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'",
    ),
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
_TAKE_A_MESSAGE = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.ROUTE)
_HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?|\[[\da-f:.]{2,45}\](:\d{1,5})?", re.ASCII | re.IGNORECASE)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{style}</style>
</head>
<body>
<h1>{name}</h1>
<p>{class_name}, served as {service_type}: {state}.</p>
{picture}{command}<h2>Methods</h2>
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


def home_route(
    service: Service, inputs: Sequence[Mapping[str, Any]] = (), *, has_docs: bool = True, has_v1: bool = True
) -> HttpRoute:
    """Return the route of the page.

    Args:
        service: the service that the page describes.
        inputs: the inputs for the example, as in metadata.
        has_docs: False to leave out the links to the documentation.
        has_v1: False to leave out the addresses of the v1 protocol.
    """
    links = {
        address: text
        for address, text in _LINKS.items()
        if (has_docs or address not in _DOCS) and (has_v1 or address != v1.METADATA[0][1:])
    }

    def home(request: HttpRequest) -> HttpResponse:
        methods = _methods(service)
        path = next((methods[method] for method in _TAKE_A_MESSAGE if method in methods), None)
        command = _command(request, path, inputs) if has_v1 and path is not None else ""
        addresses = methods if has_v1 else dict.fromkeys(methods, "")
        page = _page(service, addresses, links, command)
        return HttpResponse(200, page.encode(), "text/html; charset=utf-8", _HEADERS)

    return HttpRoute(("GET",), PATH, home, reads_body=False)


def _command(request: HttpRequest, path: str, inputs: Sequence[Mapping[str, Any]]) -> str:
    """Return the shell command that sends an example to the server that a request reached."""
    host = request.headers.get("host", "")
    origin = f"{request.scheme}://{host if _HOST.fullmatch(host) else 'localhost:5000'}"
    example = next(iter(message_examples(inputs).values()))
    body = json.dumps(example["value"]).replace("'", r"'\''")
    return f"curl {origin}{path} -H 'Content-Type: application/json' \\\n     -d '{body}'"


def _methods(service: Service) -> Mapping[Method, str]:
    """Return the methods of the component, each with the first address that calls it."""
    first: dict[Method, str] = {}
    for path, (method, _) in v1.CALLS.items():
        if method in service.methods:
            first.setdefault(method, path)
    return first


def _page(service: Service, methods: Mapping[Method, str], links: Mapping[str, str], command: str) -> str:
    from html import escape  # with a large table of entities, for this page alone

    metadata: Mapping[str, object]
    try:
        metadata = service.metadata()
    except SeldonError:
        metadata = {}
    return _PAGE.format(
        name=escape(str(metadata.get("name") or service.class_name)),
        style=_STYLE,
        class_name=escape(service.class_name),
        service_type=service.service_type.value,
        state="ready" if service.ready else "not ready",
        picture=_picture(service),
        command=f"<h2>Call it</h2>\n<pre>{escape(command)}</pre>\n" if command else "",
        methods=_items(
            f"<code>{method.value}</code>" + (f": POST {path}" if path else "")
            for method, path in methods.items()
        )
        or "<li>none of its own</li>",
        links=_items(f'<a href="{address}">{address}</a>: {text}' for address, text in links.items()),
    )


def _picture(service: Service) -> str:
    picture = service.picture() if isinstance(service, ComposedService) else ""
    return picture and f"<h2>Graph</h2>\n{picture}\n"


def _items(texts: Iterable[str]) -> str:
    return "\n".join(f"<li>{text}</li>" for text in texts)
