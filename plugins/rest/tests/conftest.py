"""One component behind the REST transport: as an ASGI application, or as a server on a free port.

Modules that other files test:

    assembly, request: plugins/rest/tests/test_application.py, plugins/rest/tests/test_route.py
    health: plugins/rest/tests/test_waiting.py
    wsgi: compat/tests/test_drop_in.py
    plugin: plugins/rest/tests/test_cors.py, plugins/rest/tests/test_extension.py
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def info(self) -> str:
        """What the protocol's error body says."""
        assert self.json.keys() == {"status"}
        assert self.json["status"].keys() == {"code", "info", "reason", "status"}
        info: str = self.json["status"]["info"]
        return info

    @property
    def reason(self) -> str:
        reason: str = self.json["status"]["reason"]
        return reason


class Gated:
    """Its calls wait for the gate; what those that began were called with is kept."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.seen: list[Any] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.seen.append(X)
        self.began.set()
        assert self.gate.wait(WAIT_S)
        return X


class App:
    """An ASGI application, asked without a server in between."""

    def __init__(self, app: Any, service: Service, runner: asyncio.Runner) -> None:
        self.app = app
        self.service = service
        self._runner = runner

    def request(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        leave: asyncio.Event | None = None,
    ) -> Answer:
        """One request; a ``body`` in pieces comes without Content-Length. The client leaves at ``leave``."""
        return self._runner.run(self.ask(verb, target, body, headers, leave=leave))

    def post(self, target: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON body."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", target, json.dumps(value).encode(), given)

    async def ask(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        leave: asyncio.Event | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        whole = isinstance(body, bytes)
        if whole and body:
            given.setdefault("content-length", str(len(body)))
        pieces = iter([body] if isinstance(body, bytes) else [*body, b""])
        gone = leave or asyncio.Event()
        events: list[Any] = []

        async def receive() -> dict[str, Any]:
            piece = next(pieces, None)
            if piece is None:
                await gone.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": not whole and piece != b""}

        async def send(event: dict[str, Any]) -> None:
            events.append(event)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": verb,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "root_path": "",
        }
        await self.app(scope, receive, send)
        if not events:
            return Answer(0, {}, b"")
        assert [event["type"] for event in events[:1]] == ["http.response.start"]
        return Answer(
            events[0]["status"],
            {name.decode(): value.decode("latin-1") for name, value in events[0]["headers"]},
            b"".join(event.get("body", b"") for event in events[1:]),
        )


class Server:
    """A component's REST transport on a free port of this process."""

    def __init__(self, transport: RestTransport, service: Service) -> None:
        self.transport = transport
        self.service = service

    @property
    def port(self) -> int:
        return int(self.transport.address.rpartition(":")[2])

    def drain(self) -> None:
        """What the runtime does first at the end."""
        self.service.ready = False
        self.service.draining = True
        self.transport.stop_accepting()

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.connect()
        return connection

    def request(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        over: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """One request, over a connection of its own unless told otherwise."""
        connection = over or self.connect()
        try:
            connection.request(verb, target, body, dict(headers or {}))
            return self.answer(connection)
        finally:
            if over is None:
                connection.close()

    @staticmethod
    def answer(connection: http.client.HTTPConnection) -> Answer:
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def post(self, target: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON body."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", target, json.dumps(value).encode(), given)


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


class Identity:
    """Answers its request."""

    def predict(self, X: Any, names: Any) -> Any:
        return X


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
