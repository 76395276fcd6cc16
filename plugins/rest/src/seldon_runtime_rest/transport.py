"""The HTTP server: uvicorn in a thread of its own, with its own event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware

from seldon_runtime.errors import StartupError
from seldon_runtime.message import Method
from seldon_runtime.open_files import allow_open_files
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.transport import bind, drained
from seldon_runtime_rest.codec import PassthroughCodec, RestCodec
from seldon_runtime_rest.connection import Connection
from seldon_runtime_rest.crowd import Crowd, Manners
from seldon_runtime_rest.exchange import AsgiApp, Receive, Scope, Send
from seldon_runtime_rest.express import Express
from seldon_runtime_rest.json_text import NonFinite, dumper
from seldon_runtime_rest.lane import Lane
from seldon_runtime_rest.sharing import Acceptor

logger = logging.getLogger(__name__)

_LINGER_S = 0.5
"""How long open connections may still bring a request after the last new connection was accepted."""
_LONG_LINGER_S = 5.0
"""The same while other workers serve on: nobody waits for the end of this one."""
_LOOK_S = 0.5
_END_S = 1.0
"""How long the server has to end once there is nothing left to wait for."""
_SPARE_FLASK_THREADS = 16
"""More than the queue has places: so it is the queue that refuses calls, and pages do not wait for them."""
_CORS_HEADERS = ["Content-Type", "X-Request-Id"]
_CORS_METHODS = ["GET", "POST", "OPTIONS"]


class RestTransport:
    """Serves one service over HTTP/1.1.

    Raises:
        StartupError: from :meth:`start`, when the port cannot be had.
    """

    name = "rest"

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["http_port"])
        app = application(service, settings)
        # CORS headers are added to what an ASGI application answers: then no call goes around it
        express = Express(service, app.calls) if isinstance(app, Lane) else None
        self._server = _Server(
            uvicorn.Config(
                cast(Any, app),
                log_config=None,
                log_level=logging.WARNING,
                access_log=False,
                lifespan="off",
                ws="none",
                http=cast(Any, partial(Connection, crowd=Crowd(_manners(settings)), express=express)),
                server_header=False,
                proxy_headers=False,
            )
        )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door: socket.socket | None = None
        self._closing: Future[None] | None = None
        self._has_peers = settings.worker.count > 1
        self._acceptor: Acceptor | None = None

    @property
    def address(self) -> str:
        """The base URL."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Bind, and serve in a thread; returns when requests are taken."""
        listener = bind(self._host, self._port, "--http-port (PREDICTIVE_UNIT_HTTP_SERVICE_PORT)")
        self._port = listener.getsockname()[1]
        self._door = listener.dup()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            if self._has_peers:
                listener.setblocking(False)
                connections = self._server.server_state.connections
                self._acceptor = Acceptor(listener, self._connection, lambda: len(connections))
            await self._server.serve(sockets=[] if self._has_peers else [listener])

        def work() -> None:
            try:
                with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
                    runner.run(serve())
            finally:
                self._server.settled.set()

        self._thread = threading.Thread(target=work, name="rest", daemon=True)
        self._thread.start()
        while not self._server.settled.wait(_LOOK_S):  # a handler of a signal can run now
            pass
        if not self._server.started:
            raise StartupError("the HTTP server ended while it started; its log says why")

    def stop_accepting(self) -> None:
        """Close the listening socket; open connections are served on, and told to close."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._closing = asyncio.run_coroutine_threadsafe(self._close_door(), self._loop)

    def stop(self, grace_s: float) -> None:
        """Let clients finish on their open connections, answer what was accepted, end the thread."""
        if self._thread is None:
            return
        deadline = time.monotonic() + grace_s
        linger_s = _LONG_LINGER_S if self._service.retiring else _LINGER_S
        linger_end = min(deadline, time.monotonic() + linger_s)
        if self._closing is not None:
            wait([self._closing], max(0.0, linger_end - time.monotonic()))
        while self._server.server_state.connections and time.monotonic() < linger_end:
            time.sleep(0.01)
        self._server.should_exit = True
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive() and self._loop is not None:
            self._loop.call_soon_threadsafe(self._drop_connections)
            self._thread.join(_END_S)
            self._server.force_exit = True
            self._thread.join(_END_S)
        if self._door is not None:
            self._door.close()

    async def _close_door(self) -> None:
        """Accept what the system has connected already, which closing would reset, and no more."""
        assert self._door is not None
        loop = asyncio.get_running_loop()
        if self._acceptor is not None:
            self._acceptor.close()
        for server in self._server.servers:
            server.close()
        for connection in drained(self._door):
            await loop.connect_accepted_socket(self._connection, connection)

    def _connection(self) -> asyncio.Protocol:
        return cast(Any, self._server.config.http_protocol_class)(  # type: ignore[no-any-return]
            config=self._server.config,
            server_state=self._server.server_state,
            app_state={},
            _loop=asyncio.get_running_loop(),
        )

    def _drop_connections(self) -> None:
        """Requests that are not whole by now, and answers that are not taken, end with their connections."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()


class _Server(uvicorn.Server):
    """Tells other threads when it has started, or will not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and then ``settled`` is set."""
        await super().startup(sockets)
        self.settled.set()


def _manners(settings: Settings) -> Manners:
    connections = settings["http_max_connections"]
    return Manners(
        settings["http_head_timeout_s"],
        settings["http_body_timeout_s"],
        settings["http_max_head_bytes"],
        allow_open_files() * 3 // 4 if connections is None else connections,
        settings["http_keep_alive_s"],
        settings["http_max_connection_age_s"],
    )


def application(service: Service, settings: Settings) -> AsgiApp:
    """Everything a service answers over HTTP, as an ASGI application.

    Raises:
        StartupError: the component has a ``model_error_handler`` that is no Flask blueprint.
    """
    style = {
        "sort_keys": settings["json_sort_keys"],
        "ascii_only": settings["json_ascii"],
        "indent": settings["json_pretty"],
        "non_finite": NonFinite(settings["non_finite"]),
    }
    codec = RestCodec(service.limits, dumper(**style))
    passthrough: bool = settings["payload_passthrough"]
    special = {Method.PREDICT: PassthroughCodec(service.limits, dumper(**style))} if passthrough else {}

    def codecs(method: Method) -> RestCodec:
        return special.get(method, codec)

    user_errors = getattr(service.component.user, "model_error_handler", None) is not None
    app = _Lazily(service, codecs, passthrough=passthrough)
    if user_errors:
        try:
            app.make()
        except Exception as error:
            raise StartupError(f"the component's model_error_handler does not fit Flask: {error}") from error
    threads = service.executor.queue_size + _SPARE_FLASK_THREADS
    flask = cast(AsgiApp, WSGIMiddleware(app, workers=threads))
    lane: AsgiApp = Lane(service, codecs, flask, all_through_flask=user_errors)
    origins: tuple[str, ...] = settings["cors_origins"]
    if not origins:
        return lane
    from asgi_cors import asgi_cors

    allow_all = "*" in origins
    return cast(
        AsgiApp,
        asgi_cors(
            lane if allow_all else _varying(lane),
            allow_all=allow_all,
            hosts=[origin for origin in origins if origin != "*"],
            headers=_CORS_HEADERS,
            methods=_CORS_METHODS,
        ),
    )


def _varying(app: AsgiApp) -> AsgiApp:
    """``app`` telling caches that its answers depend on who asks, which asgi-cors leaves out."""

    async def varying(scope: Scope, receive: Receive, send: Send) -> None:
        async def added(event: MutableMapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event["headers"], (b"vary", b"Origin")]}
            await send(event)

        await app(scope, receive, added)

    return varying


class _Lazily:
    """The Flask application as WSGI, made for the first request that needs it: it is slow to import."""

    def __init__(self, service: Service, codecs: Callable[[Method], RestCodec], *, passthrough: bool) -> None:
        self._arguments = (service, codecs)
        self._passthrough = passthrough
        self._lock = threading.Lock()
        self._app: Callable[[Any, Any], Iterable[bytes]] | None = None

    def make(self) -> Callable[[Any, Any], Iterable[bytes]]:
        """The application; the first call makes it."""
        with self._lock:
            if self._app is None:
                from seldon_runtime_rest.flask_app import create_app

                self._app = create_app(*self._arguments, passthrough=self._passthrough)
            return self._app

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # so that Flask reads bodies without a length
        return self.make()(environ, start_response)
