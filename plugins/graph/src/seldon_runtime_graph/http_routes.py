"""HTTP routes of single nodes: their metadata and their health."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from seldon_runtime.plugin import Call, Method
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps
from seldon_runtime_graph.service import GraphService
from seldon_runtime_rest.extension import HttpRequest, HttpResponse, HttpRoute

_NODE = "node"


def routes_of(service: GraphService) -> Sequence[HttpRoute]:
    """Return the routes of a graph's nodes, at the paths of the incumbent's executor."""
    codec = JsonCodec(service.limits)
    metadata = partial(_ask, Method.METADATA, codec)
    status = partial(_ask, Method.HEALTH_STATUS, codec)
    return [
        _route("/live", partial(_probe, service, "alive"), "Live, as the incumbent's executor names it"),
        _route("/ready", partial(_probe, service, "ready"), "Ready, as the incumbent's executor names it"),
        _route("/metadata/{node}", metadata, "Metadata of a node"),
        _route("/api/v1.0/metadata/{node}", metadata, "Metadata of a node"),
        _route("/api/v1.0/status/{node}", status, "Health of a node"),
    ]


def _route(path: str, begin: Callable[[HttpRequest], Any], summary: str) -> HttpRoute:
    return HttpRoute(("GET",), path, begin, summary, reads_body=False)


def _probe(service: GraphService, ability: str, request: HttpRequest) -> HttpResponse:
    is_well = service.alive if ability == "alive" else service.ready
    return HttpResponse(200 if is_well else 503, plain_dumps({ability: is_well}))


def _ask(method: Method, codec: JsonCodec, request: HttpRequest) -> Call:
    return request.call(method, codec, request.path_parameters[_NODE])
