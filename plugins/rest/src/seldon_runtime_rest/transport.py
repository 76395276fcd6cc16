"""The REST transport: it runs the HTTP server in a thread with an event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from seldon_runtime.plugin import (
    ServerTls,
    Service,
    Settings,
    Sockets,
    StartupError,
    connection_budget,
    url_host,
)
from seldon_runtime_rest.assembly import Contribution, assemble
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.plugin import PORT_SETTING
from seldon_runtime_rest.server.connections import ConnectionLimits
from seldon_runtime_rest.server.http_server import HttpServer

logger = logging.getLogger(__name__)

_EVERY_INTERFACE = ("0.0.0.0", "::", "")
_LINGER_S = 0.5
"""How long the server still takes requests on open connections after it has stopped accepting new ones."""
_LONG_LINGER_S = 5.0
"""The same for a worker that retires while other workers serve: nobody waits for its end."""
_LOOK_S = 0.5
_SHARE = 3 / 4
"""The part of the allowed connections that HTTP takes; gRPC takes a fifth."""
_END_S = 1.0
"""How long the server's thread may take to end after all connections were closed."""


class RestTransport:
    """Serves one service over HTTP/1.1.

    Args:
        service: answers the calls.
        settings: the settings of the REST plugin.
        sockets: binds the listening socket.
        contributed: the routes of other plugins.

    Raises:
        StartupError: two plugins add the same route, or the component's ``model_error_handler`` is not a
            Flask blueprint; from :meth:`start`, the port cannot be bound.
    """

    name = "rest"

    def __init__(
        self,
        service: Service,
        settings: Settings,
        sockets: Sockets,
        contributed: Sequence[Contribution] = (),
    ) -> None:
        self._service = service
        self._sockets = sockets
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["http_port"])
        self._tls = ServerTls.of(settings, "--http-tls")
        self._has_docs: bool = settings.get("docs", True)
        self._threads = RequestThreads(service.queue_size)
        self._application = assemble(service, settings, self._threads, contributed)
        self._limits = _limits(settings)
        self._worker = settings.worker
        self._has_peers = settings.worker.count > 1
        self._thread: threading.Thread | None = None
        self._settled = threading.Event()
        self._has_started = False
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: HttpServer | None = None
        self._listener: socket.socket | None = None
        self._closing: Future[None] | None = None

    @property
    def address(self) -> str:
        """The base URL, ``http://host:port``, or ``https`` with TLS."""
        return self._url(self._host)

    def _url(self, host: str) -> str:
        return f"{'http' if self._tls is None else 'https'}://{url_host(host)}:{self._port}"

    def start(self) -> None:
        """Bind the port and serve it in a thread. Block until the server accepts connections.

        Raises:
            StartupError: the port cannot be bound, or the server fails to start.
        """
        self._listener = self._sockets.bind(self._host, self._port, PORT_SETTING)
        self._port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(self._listener,), name="rest", daemon=True)
        self._thread.start()
        while not self._settled.wait(_LOOK_S):  # the short waits let signal handlers run
            pass
        if not self._has_started:
            raise StartupError("the HTTP server ended while it started; its log says why")
        if self._tls is not None:
            self._tls.start()
        self._tell_link()

    def _tell_link(self) -> None:
        """Log the address that a person opens: every interface is ``localhost`` for a browser here."""
        if self._worker.index or self._worker.restarts:
            return
        host = "localhost" if self._host in _EVERY_INTERFACE else self._host
        link = f"{self._url(host)}{'/docs' if self._has_docs else '/'}"
        logger.info("open %s in a browser", link, extra={"link": link})

    def stop_accepting(self) -> None:
        """Accept no more connections. The open ones still get responses, which tell clients to close them."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            assert self._server is not None
            assert self._listener is not None
            self._closing = asyncio.run_coroutine_threadsafe(
                self._server.close_listener(self._listener, self._sockets), self._loop
            )

    def stop(self, grace_s: float) -> None:
        """Take last requests on open connections, answer the accepted ones, and end the thread.

        Blocks for ``grace_s`` at most, and then closes the connections that are left.
        """
        if self._thread is None:
            return
        deadline = time.monotonic() + grace_s
        linger_s = _LONG_LINGER_S if self._service.retiring else _LINGER_S
        linger_end = min(deadline, time.monotonic() + linger_s)
        if self._closing is not None:
            wait([self._closing], max(0.0, linger_end - time.monotonic()))
        while self._connections and time.monotonic() < linger_end:
            time.sleep(0.01)
        self._is_stopping = True
        self._in_loop(lambda server: server.shutdown())
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._in_loop(lambda server: server.connections.cut_off())
            self._thread.join(_END_S)
        if self._thread.is_alive():
            self._in_loop(lambda server: server.connections.abort())
            self._thread.join(_END_S)
        self._threads.stop()
        if self._tls is not None:
            self._tls.stop()
        if self._listener is not None:
            self._listener.close()

    @property
    def _connections(self) -> int:
        return len(self._server.connections.open) if self._server is not None else 0

    def _in_loop(self, work: Callable[[HttpServer], None]) -> None:
        if self._loop is None or self._server is None:
            return
        try:
            self._loop.call_soon_threadsafe(work, self._server)
        except RuntimeError:  # the event loop is closed
            logger.debug("the HTTP server has ended already")

    def _run(self, listener: socket.socket) -> None:
        """Run the server until it ends. This is the function of the server's thread."""
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve(listener))
        except BaseException:  # nothing outside this thread would report the exception
            logger.exception("the HTTP server failed")
            if self._has_started and not self._is_stopping:
                self._service.fail("the HTTP server failed; its log says why")
        finally:
            self._settled.set()

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = HttpServer(self._application, self._limits, self._tls)
        await self._server.serve(listener, self._started, is_shared=self._has_peers)

    def _started(self) -> None:
        self._has_started = True
        self._settled.set()


def _limits(settings: Settings) -> ConnectionLimits:
    connections = settings["http_max_connections"]
    return ConnectionLimits(
        settings["http_head_timeout_s"],
        settings["http_body_timeout_s"],
        settings["http_max_head_bytes"],
        connection_budget(_SHARE) if connections is None else connections,
        settings["http_keep_alive_s"],
        settings["http_max_connection_age_s"],
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory, or None for asyncio's own on Windows, which uvloop does not support."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
