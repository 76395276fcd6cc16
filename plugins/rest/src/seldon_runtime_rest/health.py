"""Probes: answered at once on the event loop's thread, without user code and without interceptors."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from seldon_runtime.plugin import Service
from seldon_runtime_rest.response import HttpResponse


def ping(service: Service) -> HttpResponse:
    """Return the protocol's ``pong``: the process answers."""
    return HttpResponse(200, b"pong", "text/plain; charset=utf-8")


def live(service: Service) -> HttpResponse:
    """Return 503 when user code hangs, so that only a restart helps."""
    if service.alive:
        return HttpResponse(200, b'{"live":true}\n')
    return HttpResponse(503, b'{"live":false}\n')


def ready(service: Service) -> HttpResponse:
    """Return 200 after load and restore, 503 before them and from the start of draining.

    Parts that fail while calls go on are named: ``{"ready":true,"degraded":["state"]}``; the log says why.
    """
    if service.ready:
        if parts := sorted(service.degraded):
            return HttpResponse(200, b'{"ready":true,"degraded":%b}\n' % orjson.dumps(parts))
        return HttpResponse(200, b'{"ready":true}\n')
    return HttpResponse(503, b'{"ready":false}\n')


def startup(service: Service) -> HttpResponse:
    """Return 200 from readiness on, also while draining.

    No port is open before the load is over, so a start-up probe that cannot connect has its result too.
    """
    if service.ready or service.draining:
        return HttpResponse(200, b'{"started":true}\n')
    return HttpResponse(503, b'{"started":false}\n')


PING = "/health/ping"
LIVE = "/health/live"
READY = "/health/ready"
STARTUP = "/health/startup"

PROBES: dict[str, Callable[[Service], HttpResponse]] = {
    PING: ping,
    LIVE: live,
    READY: ready,
    STARTUP: startup,
}
