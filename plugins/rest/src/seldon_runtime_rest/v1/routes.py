"""The routes of the Seldon v1 protocol, and the calls that they begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from seldon_runtime.plugin import Call, Method, SeldonError, Service
from seldon_runtime_rest.health import PROBES
from seldon_runtime_rest.media.negotiation import ANY, USUAL, Media
from seldon_runtime_rest.openapi.document import Description, document
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.route import Deferred, HttpRoute
from seldon_runtime_rest.streaming.forms import form_of
from seldon_runtime_rest.v1.codec import RestCodec
from seldon_runtime_rest.v1.cross_site import CrossSiteCheck
from seldon_runtime_rest.v1.json_text import dumper
from seldon_runtime_rest.v1.paths import CALLS, HEALTH_STATUS, METADATA, OPENAPI

Codecs = Callable[[Method], RestCodec]
ReadForm = Callable[[HttpRequest, Call], Call | Deferred]
Begin = Callable[[HttpRequest], Call | Deferred]
_STREAMED = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.AGGREGATE)
_JSON = b"application/json"
_openapi_text = dumper(sort_keys=False)  # its order is what readers of the page see


def probe_routes(service: Service) -> Iterator[HttpRoute]:
    """Yield the probes."""
    for path, probe in PROBES.items():
        yield HttpRoute(("GET",), path, partial(_probe, service, probe), reads_body=False)


def call_routes(
    codecs: Codecs, read_form: ReadForm, cross_site: CrossSiteCheck, media: Media
) -> Iterator[HttpRoute]:
    """Yield the routes that make calls with a payload.

    Args:
        codecs: the codec of each method.
        read_form: continues with a request whose body is not plain JSON, and the call that it makes.
        cross_site: checks the requests that change the component's state.
        media: chooses the codec of bodies that are one value, and of answers that are not JSON.
    """
    for path, (method, verbs) in CALLS.items():
        known = media if method in media.methods else None
        begin: Begin = partial(_begin, method, codecs(method), read_form, known, method in _STREAMED)
        if method is Method.SEND_FEEDBACK:
            begin = partial(_begin_checked, cross_site, begin)
        yield HttpRoute(verbs, path, begin)


def information_routes(codecs: Codecs) -> Iterator[HttpRoute]:
    """Yield the routes that describe the component: its health and its metadata."""
    paths = [(path, Method.HEALTH_STATUS) for path in HEALTH_STATUS]
    paths += [(path, Method.METADATA) for path in METADATA]
    for path, method in paths:
        yield HttpRoute(("GET",), path, partial(_ask, method, codecs(method)), reads_body=False)


def openapi_routes(describe: Callable[[], Mapping[str, object]] | None) -> Iterator[HttpRoute]:
    """Yield the route of the OpenAPI document.

    Args:
        describe: returns the document; None for no route to it.
    """
    if describe is None:
        return

    def openapi(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, _openapi_text(describe()))

    yield HttpRoute(("GET",), OPENAPI, openapi, reads_body=False)


def describe(
    service: Service,
    contributed: Sequence[HttpRoute],
    inputs: Sequence[Mapping[str, Any]] = (),
    *,
    has_v1: bool = True,
) -> dict[str, object]:
    """Return the OpenAPI document of this component and of other plugins' routes.

    Args:
        service: the component's service.
        contributed: the routes of other plugins.
        inputs: the component's inputs, for examples.
        has_v1: set False to leave the v1 protocol out.
    """
    metadata: Mapping[str, Any]
    try:
        metadata = service.metadata()
    except SeldonError:
        metadata = {}
    return document(
        Description(
            name=metadata.get("name", ""),
            versions=metadata.get("versions", []),
            platform=metadata.get("platform", ""),
            service_type=service.service_type.value,
            class_name=service.class_name,
            methods=service.methods,
            metadata=metadata or None,
            inputs=inputs,
            has_v1=has_v1,
        ),
        contributed,
    )


def is_json(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether the body is JSON by its content type."""
    content_type = headers.get(b"content-type", b"")
    return content_type == _JSON or content_type.split(b";", 1)[0].strip().lower() == _JSON


def _probe(service: Service, probe: Callable[[Service], HttpResponse], request: HttpRequest) -> HttpResponse:
    return probe(service)


def _ask(method: Method, codec: RestCodec, request: HttpRequest) -> Call:
    return request.call(method, codec)


def _begin_checked(cross_site: CrossSiteCheck, begin: Begin, request: HttpRequest) -> Call | Deferred:
    cross_site.check(request.headers)
    return begin(request)


def _begin(
    method: Method,
    codec: RestCodec,
    read_form: ReadForm,
    media: Media | None,
    may_stream: bool,
    request: HttpRequest,
) -> Call | Deferred:
    accept = request.headers.raw.get(b"accept", ANY)
    if accept in USUAL:
        return _begin_json(method, codec, read_form, media, request)
    if media is not None:
        codec = media.for_json(codec, request)
    begun = _begin_json(method, codec, read_form, media, request)
    if may_stream and (form := form_of(accept)) is not None:
        request.stream_form = form
        assert request.made is not None
        request.made.accepts_stream = True
    return begun


def _begin_json(
    method: Method, codec: RestCodec, read_form: ReadForm, media: Media | None, request: HttpRequest
) -> Call | Deferred:
    may_hold_json = request.query and _may_hold_json(request.query)
    if not may_hold_json and is_json(request.headers.raw):
        return request.call(method, codec, request.body)
    if media is not None and not may_hold_json and (own := media.for_body(request)) is not None:
        return request.call(method, own, request.body)
    return read_form(request, request.call(method, codec))


def _may_hold_json(query: str) -> bool:
    """Return whether a query may contain ``json=...``; a percent sign may stand for any letter of it."""
    return "json=" in query or "%" in query
