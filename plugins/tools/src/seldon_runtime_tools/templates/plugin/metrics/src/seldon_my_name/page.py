"""The transport: it serves the page of the counts, on threads of its own."""

from __future__ import annotations

import logging
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from seldon_my_name.counts import Counts

from seldon_runtime.plugin import Sockets, url_host

logger = logging.getLogger(__name__)

PORT_SETTING = "--my-name-port (SELDON_MY_NAME_PORT)"
_PATH = "/metrics"


class CountsPage:
    """Serves the page until the process stops, also while it drains."""

    name = "my-name"

    def __init__(self, counts: Counts, host: str, port: int, sockets: Sockets) -> None:
        self._counts = counts
        self._host = host
        self._port = port
        self._sockets = sockets

    @property
    def address(self) -> str:
        """Return the URL of the page; final once started."""
        return f"http://{url_host(self._host)}:{self._port}{_PATH}"

    def start(self) -> None:
        """Bind the port and serve on a thread. Raise StartupError if the port cannot be bound."""
        listener = self._sockets.bind(self._host, self._port, PORT_SETTING)
        self._port = listener.getsockname()[1]
        self._server = _Server(listener, self._counts)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name=self.name, daemon=True
        )
        self._thread.start()

    def stop_accepting(self) -> None:
        """Do nothing: the page must show the last calls."""

    def stop(self, grace_s: float) -> None:
        """Close the port, and end the thread."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """An HTTP server with a thread for each connection, on a socket that is bound already."""

    def __init__(self, listener: socket.socket, counts: Counts) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        listener.setblocking(False)  # while a process replaces this one, it may accept the connection first
        self.socket = listener
        self.counts = counts


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0
    """Seconds for a client to send its request."""

    def do_GET(self) -> None:
        """Answer with the page."""
        if self.path.partition("?")[0] != _PATH:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = self.server.counts.text().encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log requests of the page for debugging only."""
        logger.debug(format, *args)
