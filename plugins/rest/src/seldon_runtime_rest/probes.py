"""Answers that never wait for user code, nor for Flask."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from seldon_runtime.service import Service
from seldon_runtime_rest import routes
from seldon_runtime_rest.answer import HttpAnswer


def ping(service: Service) -> HttpAnswer:
    """That the process answers at all: the protocol's ``pong``."""
    return HttpAnswer(200, b"pong", "text/plain; charset=utf-8")


def live(service: Service) -> HttpAnswer:
    """Liveness: 503 when user code hangs, so that only a new process helps."""
    if service.alive:
        return HttpAnswer(200, b'{"live":true}\n')
    return HttpAnswer(503, b'{"live":false}\n')


def ready(service: Service) -> HttpAnswer:
    """Readiness: 200 after load and restore, 503 before them and from the start of draining.

    Parts that fail while calls go on are named: ``{"ready":true,"degraded":["state"]}``; the log says why.
    """
    if service.ready:
        if parts := sorted(service.degraded):
            return HttpAnswer(200, b'{"ready":true,"degraded":%b}\n' % orjson.dumps(parts))
        return HttpAnswer(200, b'{"ready":true}\n')
    return HttpAnswer(503, b'{"ready":false}\n')


def startup(service: Service) -> HttpAnswer:
    """Whether the start is over: 200 from readiness on, also while draining. No port is open before the load
    is over, so a start-up probe that cannot connect has its answer too."""
    if service.ready or service.draining:
        return HttpAnswer(200, b'{"started":true}\n')
    return HttpAnswer(503, b'{"started":false}\n')


PROBES: dict[str, Callable[[Service], HttpAnswer]] = {
    routes.PING: ping,
    routes.LIVE: live,
    routes.READY: ready,
    routes.STARTUP: startup,
}
