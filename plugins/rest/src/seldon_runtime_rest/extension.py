"""How other plugins add HTTP routes to the REST transport. Public.

A plugin implements :func:`seldon_http_routes` with ``@hookimpl(optionalhook=True)``, since REST may not be
selected, and returns :class:`HttpRoute` objects. Their requests pass the same limits, logs, metrics and drain
as the protocol's own, and appear in ``/seldon.json`` and ``/docs``.
"""

from __future__ import annotations

from collections.abc import Sequence

from seldon_runtime.plugin import Hooks, Service, Settings, hookspec
from seldon_runtime_rest.openapi.examples import json_value
from seldon_runtime_rest.openapi.inferred import described_inputs
from seldon_runtime_rest.request import Headers, HttpRequest
from seldon_runtime_rest.response import HttpResponse, status_of
from seldon_runtime_rest.route import Deferred, HttpErrors, HttpRoute
from seldon_runtime_rest.streaming.forms import Events, Lines, StreamForm
from seldon_runtime_rest.v1.large_arrays import numbers_memory, read_numbers

__all__ = [
    "Deferred",
    "Events",
    "Headers",
    "HttpErrors",
    "HttpRequest",
    "HttpResponse",
    "HttpRoute",
    "Lines",
    "StreamForm",
    "described_inputs",
    "json_value",
    "numbers_memory",
    "read_numbers",
    "seldon_http_routes",
    "status_of",
]


@hookspec
def seldon_http_routes(
    service: Service, settings: Settings, hooks: Hooks
) -> HttpRoute | HttpErrors | Sequence[HttpRoute | HttpErrors] | None:
    """Return HTTP routes that join the REST transport's port, or None for none.

    Return an :class:`HttpErrors` beside them if errors below their paths have a form of their own.

    The transport calls this hook once, after the load and before it starts, on the main thread.
    """
