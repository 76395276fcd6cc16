"""REST calls without sockets and a second thread: from the bytes of a request to the bytes of its response.

A call runs the transport, the service, the codec and the component, and nothing else. So the counts of its
instructions repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import uvloop

from benchmarks.programs.Identity import Identity
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Service, Settings, Unit
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.settings import options
from seldon_runtime_rest import plugin
from seldon_runtime_rest.assembly import Contribution, assemble
from seldon_runtime_rest.extension import described_inputs
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.server.connections import ConnectionLimits
from seldon_runtime_rest.server.http_server import HttpServer
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.documentation import Operations
from seldon_runtime_v2.rest.routes import Routes
from seldon_runtime_v2.statistics import Statistics

_PIECE_BYTES = 64 * 1024
"""The largest piece of a request that a connection receives at a time."""
_LIMITS = ConnectionLimits(keep_alive_s=86_400.0, max_age_s=86_400.0)
"""Limits that are checked but not met: under callgrind, all cases take minutes."""


class Inline(Executor):
    """Runs each task at once, on the caller's thread."""

    is_current = True

    def submit(self, task: Callable[[], None]) -> None:
        """Run the task at once."""
        task()

    def run(self, function: Callable[[], Any]) -> Any:
        """Return what a function returns."""
        return function()


class _Connection(asyncio.Transport):
    """A transport that keeps the written bytes."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self.whole: asyncio.Future[None] | None = None
        self._left = 0

    def write(self, data: Any) -> None:
        self.written.append(data)
        if len(self.written) == 1:
            head, _, body = data.partition(b"\r\n\r\n")
            self._left = int(head.lower().partition(b"\ncontent-length: ")[2].partition(b"\r")[0]) - len(body)
        else:
            self._left -= len(data)
        if not self._left and self.whole is not None:
            self.whole.set_result(None)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...


def identity_service() -> Service:
    """Return the service of an identity."""
    return ComponentService(Unit(ComponentAdapter(Identity()), Inline()))


def v2_routes(service: Service) -> list[Contribution]:
    """Return the routes of the Open Inference Protocol, whose model is ``Identity``."""
    model = ServedModel(service, "Identity")
    operations = Operations(model, described_inputs(service))
    routes = Routes(service, model, Statistics(), operations)
    return [Contribution("v2", route) for route in routes.all()]


def through_connection(
    body: bytes,
    service: Service,
    target: str = "/predict",
    contributed: Callable[[Service], Sequence[Contribution]] = lambda service: (),
    headers: Mapping[str, str] | None = None,
) -> Callable[[int], None]:
    """Return a function that makes sequential calls of a service on one connection.

    The components of the service run on :class:`Inline`.

    Args:
        body: the body of each request.
        service: answers the calls.
        target: the path of each request.
        contributed: returns the routes of other plugins.
        headers: those of each request beside the host and the length; by default its body is JSON.
    """
    headers = headers or {"Content-Type": "application/json"}
    lines = [f"POST {target} HTTP/1.1", "Host: localhost", *map(": ".join, headers.items())]
    request = b"%b\r\nContent-Length: %d\r\n\r\n%b" % ("\r\n".join(lines).encode(), len(body), body)
    pieces = [request[start : start + _PIECE_BYTES] for start in range(0, len(request), _PIECE_BYTES)]
    application = assemble(service, _settings(), RequestThreads(service.queue_size), contributed(service))
    client = _Connection()
    loop = uvloop.new_event_loop()

    async def open_connection() -> Any:
        protocol = HttpServer(application, _LIMITS).protocol()
        protocol.connection_made(client)
        return protocol

    protocol = loop.run_until_complete(open_connection())

    async def make(calls: int) -> None:
        for _ in range(calls):
            client.written.clear()
            client.whole = loop.create_future()
            for piece in pieces:
                protocol.data_received(piece)
            await client.whole
            assert client.written[0].startswith(b"HTTP/1.1 200"), client.written

    return lambda calls: loop.run_until_complete(make(calls))


def _settings() -> Settings:
    params = [*options.options(), *plugin.seldon_options()]
    values = click.Command("seldon-run", params=list(params)).make_context("seldon-run", []).params
    return Settings(values, ("rest",))
