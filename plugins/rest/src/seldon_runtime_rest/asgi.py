"""The routes of a service as an ASGI application, to embed the service in your own server. Public module."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from seldon_runtime.plugin import Done, SeldonError, Service, Settings
from seldon_runtime_rest.application import Application, Exchange
from seldon_runtime_rest.assembly import Contribution, assemble
from seldon_runtime_rest.compression.requests import Unpacked
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.request import Headers, HttpRequest, request_type
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.route import HttpRoute
from seldon_runtime_rest.targets import merged_slashes

__all__ = ["AsgiApp", "application"]

logger = logging.getLogger(__name__)

Event = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(service: Service, settings: Settings, routes: Sequence[HttpRoute] = ()) -> AsgiApp:
    """Return an ASGI 3 application with all routes of the REST transport and the given ones.

    The application limits the size of bodies as the REST transport does. Your server has to limit the size of
    heads, the number of connections, and the time that clients take.

    Args:
        service: answers the calls.
        settings: the settings of the REST plugin.
        routes: additional routes.

    Raises:
        StartupError: two routes are the same, or the component's ``model_error_handler`` is not a Flask
            blueprint.
    """
    contributed = [Contribution("the embedding program", route) for route in routes]
    return _Asgi(assemble(service, settings, RequestThreads(service.queue_size), contributed))


class _Asgi:
    """The ASGI callable: translates between the events of an ASGI server and the application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or confirm the events of the server's lifespan."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            raise NotImplementedError(f"the REST transport does not serve {scope['type']}")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = merged_slashes(_path_of(scope))
        headers = Headers([(bytes(name), bytes(value)) for name, value in scope["headers"]])
        client = scope.get("client")
        query = scope["query_string"].decode("latin-1")
        kind = request_type(scope.get("scheme", "http"))
        request = kind(scope["method"], path, query, headers, (client[0], client[1]) if client else None)
        exchange = self._application.exchange(request, path)
        if exchange.early is None and not await self._read_body(exchange, receive):
            return
        outcomes: asyncio.Queue[tuple[Any, SeldonError | None]] = asyncio.Queue()
        done = _putting(outcomes)
        response = self._application.begin(exchange, done)
        while response is None:
            answer, error = await _unless_left(outcomes, request, receive)
            if type(answer) is Unpacked:
                response = self._application.resume(exchange, answer, done)
            else:
                response = self._application.finish(exchange, answer, error, done)
        items = response.header_items()
        if response.stream is not None and request.verb != "HEAD":
            await _send_stream(response, items, request, receive, send)
            return
        if self._application.service.draining:
            items.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": items})
        await send({"type": "http.response.body", "body": response.content(request.verb)})

    async def _read_body(self, exchange: Exchange, receive: Receive) -> bool:
        """Read the body until it is complete or there is an early response.

        Returns:
            False if the client has disconnected meanwhile.
        """
        route = exchange.route
        more = route is not None and route.reads_body
        while more and exchange.early is None:
            event = await receive()
            if event["type"] == "http.disconnect":
                return False
            if body := event.get("body", b""):
                exchange.add(body, self._application)
            more = event.get("more_body", False)
        exchange.close_body()
        return True


async def _send_stream(
    response: HttpResponse,
    items: list[tuple[bytes, bytes]],
    request: HttpRequest,
    receive: Receive,
    send: Send,
) -> None:
    """Send a streamed response; the next item is requested when the server has taken the one before."""
    stream = response.stream
    assert stream is not None
    is_last = False
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": items})
        while not is_last:
            outcomes: asyncio.Queue[tuple[Any, SeldonError | None]] = asyncio.Queue()
            stream.pull(_putting(outcomes))
            text, is_last = stream.text(*await _unless_left(outcomes, request, receive))
            await send({"type": "http.response.body", "body": text, "more_body": not is_last})
    finally:
        if not is_last:
            stream.close()


def _putting(outcomes: asyncio.Queue[tuple[Any, SeldonError | None]]) -> Done:
    """Return a function that puts what it receives into a queue of the running loop, from any thread."""
    loop = asyncio.get_running_loop()

    def done(answer: Any, error: SeldonError | None) -> None:
        try:
            loop.call_soon_threadsafe(outcomes.put_nowait, (answer, error))
        except RuntimeError:  # the loop has ended: no client waits any more
            logger.debug("an answer came after its server had stopped")

    return done


async def _unless_left(
    outcomes: asyncio.Queue[tuple[Any, SeldonError | None]], request: HttpRequest, receive: Receive
) -> tuple[Any, SeldonError | None]:
    """Await the outcome of a call. Cancel the call when the client disconnects or this task is cancelled."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        request.cancel()

    watching = asyncio.ensure_future(watch())
    try:
        return await outcomes.get()
    except asyncio.CancelledError:
        request.cancel()
        raise
    finally:
        watching.cancel()


def _path_of(scope: Scope) -> str:
    """Return the path of a request, without the path at which this application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
