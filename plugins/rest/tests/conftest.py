"""One component behind the REST transport: as an ASGI application, or as a server on a free port.

Modules that other files test:

    assembly, request: plugins/rest/tests/test_application.py, plugins/rest/tests/test_route.py
    health: plugins/rest/tests/test_waiting.py
    wsgi: compat/tests/test_drop_in.py
    plugin: plugins/rest/tests/test_cors.py, plugins/rest/tests/test_extension.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Limits, OwnSockets, Service, Settings, Unit
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.asgi import application
from seldon_runtime_rest.assembly import Contribution
from seldon_runtime_rest.extension import HttpRoute
from seldon_runtime_rest.plugin import seldon_options
from seldon_runtime_rest.transport import RestTransport

from .clients import App, Server
from .components import Gated, Identity


@pytest.fixture(scope="module")
def settings() -> Callable[..., Settings]:
    """The settings that these command line words make, all others at their defaults."""

    def settings(*words: str) -> Settings:
        command = click.Command("rest", params=list(seldon_options()))
        values = command.make_context("rest", list(words)).params
        core = {"host": "127.0.0.1", "service_port": 0, "non_finite": "null"}
        return Settings({**core, **values}, ("rest",))

    return settings


@pytest.fixture(scope="module")
def make_service() -> Iterator[Callable[..., Service]]:
    """Makes a ready :class:`Service` of a user object; limits by keyword."""
    executors: list[Executor] = []

    def make(user: object, *, error_details: bool = True, queue_size: int = 100, **limits: int) -> Service:
        executors.append(Executor(queue_size=queue_size))
        executors[-1].start()
        predictor = ComponentAdapter(user, wires=("rest",))
        service = ComponentService(
            Unit(predictor, executors[-1], user=user),
            limits=Limits(**limits),
            error_details=error_details,
        )
        service.ready = True
        return service

    yield make
    for executor in executors:
        assert executor.stop(WAIT_S)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def make_app(
    make_service: Callable[..., Service], settings: Callable[..., Settings], runner: asyncio.Runner
) -> Callable[..., App]:
    """Makes the ASGI application of a user object: ``make_app(user, *words, **limits)``."""

    def make(user: object, *words: str, **options: Any) -> App:
        service = make_service(user, **options)
        return App(application(service, settings(*words)), service, runner)

    return make


def serving(
    make_service: Callable[..., Service], settings: Callable[..., Settings]
) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def serve(user: object, *words: str, routes: Sequence[HttpRoute] = (), **options: Any) -> Server:
        service = make_service(user, **options)
        contributed = [Contribution("a plugin", route) for route in routes]
        servers.append(Server(RestTransport(service, settings(*words), OwnSockets(), contributed), service))
        servers[-1].transport.start()
        return servers[-1]

    yield serve
    for server in servers:
        server.drain()
        server.transport.stop(WAIT_S)
        assert server.transport._thread is not None
        assert not server.transport._thread.is_alive()


@pytest.fixture
def serve(
    make_service: Callable[..., Service], settings: Callable[..., Settings]
) -> Iterator[Callable[..., Server]]:
    """Starts a server for a user object: ``serve(user, *words, **limits)``."""
    yield from serving(make_service, settings)


@pytest.fixture
def serve_routes(
    make_service: Callable[..., Service], settings: Callable[..., Settings]
) -> Iterator[Callable[..., Server]]:
    """Starts a server with more routes: ``serve_routes(route, ..., **limits)``."""
    servers = serving(make_service, settings)
    serve = next(servers)

    def serve_routes(
        *routes: HttpRoute, user: object = None, words: Sequence[str] = (), **options: Any
    ) -> Server:
        return serve(user or Identity(), *words, routes=routes, **options)

    yield serve_routes
    next(servers, None)


@pytest.fixture(scope="module")
def serve_module(
    make_service: Callable[..., Service], settings: Callable[..., Settings]
) -> Iterator[Callable[..., Server]]:
    """Like ``serve``, for servers that the tests of a module share: a stop takes 0.2 s."""
    yield from serving(make_service, settings)


@pytest.fixture
def gated() -> Iterator[Gated]:
    """A component whose calls wait until ``gated.gate`` is set."""
    user = Gated()
    yield user
    user.gate.set()


def multipart(content: bytes) -> bytes:
    head = b'--line\r\nContent-Disposition: form-data; name="strData"\r\n\r\n'
    return head + content + b"\r\n--line--\r\n"


SENDING = {
    "JSON": ("application/json", lambda text: b'{"strData":"%s"}' % text),
    "JSON through Flask": ("application/x+json", lambda text: b'{"strData":"%s"}' % text),
    "form": ("application/x-www-form-urlencoded", lambda text: b'json={"strData":"%s"}' % text),
    "multipart": ("multipart/form-data; boundary=line", multipart),
}


@pytest.fixture(params=SENDING)
def sending(request: pytest.FixtureRequest) -> tuple[dict[str, str], Callable[[bytes], bytes]]:
    """Headers, and what makes the body, of a request that sends a text: each encoding in turn."""
    content_type, write = SENDING[request.param]
    return {"Content-Type": content_type}, write
