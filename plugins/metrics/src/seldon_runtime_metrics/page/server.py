"""The HTTP server of the pages: a thread for each connection, bounded in number, size and time.

It builds on the standard library's ``http.server``. ``prometheus_client.make_wsgi_app`` on ``wsgiref``
would answer every path, and limits neither connections nor the time of a slow client. A port that is open
beside the component's needs both limits.
"""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from prometheus_client.exposition import gzip_accepted

from seldon_runtime.plugin import ServerTls
from seldon_runtime_metrics.page.page import Page, Part

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 32
MAX_HEAD_BYTES = 16 * 1024
REQUEST_S = 5.0
"""Time for a client to send its request."""
ANSWER_S = 20.0
"""Time for a client to receive the response."""


class PageServer(ThreadingMixIn, TCPServer):
    """Serves pages; closes connections above :data:`MAX_CONNECTIONS` at once.

    Args:
        listener: a bound socket.
        page: the renderer.
        paths: the part of the metrics at each path.
        tls: the server's certificate; None for plain text.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        listener: socket.socket,
        page: Page,
        paths: Mapping[str, Part],
        tls: ServerTls | None = None,
    ) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        listener.setblocking(False)  # another worker may accept the connection first
        self.socket = listener
        self.page = page
        self.paths = paths
        self._tls = tls
        self._open = 0
        self._changed = threading.Condition()
        listener.listen(MAX_CONNECTIONS)

    def wait_until_idle(self, timeout_s: float) -> None:
        """Wait until no connection is open, at most ``timeout_s`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, or close it at the limit."""
        with self._changed:
            if self._open >= MAX_CONNECTIONS:
                self.shutdown_request(request)
                return
            self._open += 1
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._closed()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection on its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._closed()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer the request of a connection, after its TLS handshake."""
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(REQUEST_S)
        with self._tls.context().wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def _closed(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a connection that failed, at DEBUG: clients may disconnect at any time."""
        logger.debug("a scrape failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request and closes the connection."""

    server: PageServer
    server_version = "seldon-runtime"
    sys_version = ""

    def handle(self) -> None:
        """Read the request, answer it and end."""
        self.close_connection = True
        self.rfile = BytesIO(self._head())
        self.connection.settimeout(ANSWER_S)
        self.raw_requestline = self.rfile.readline()
        if self.raw_requestline and self.parse_request():
            self._answer()

    def _head(self) -> bytes:
        """Return the request up to its empty line; empty if the client is too slow or sends too much."""
        deadline = time.monotonic() + REQUEST_S
        head = b""
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or len(head) > MAX_HEAD_BYTES:
                return b""
            self.connection.settimeout(left_s)
            try:
                piece = self.connection.recv(4096)
            except OSError:  # too slow, or disconnected
                return b""
            if not piece:
                return b""
            head += piece
        return head

    def _answer(self) -> None:
        part = self.server.paths.get(self.path.partition("?")[0])
        if part is None:
            where = ", ".join(self.server.paths)
            self._send(HTTPStatus.NOT_FOUND, f"not found; the metrics pages are {where}\n".encode())
        elif self.command not in ("GET", "HEAD"):
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"use GET or HEAD\n", Allow="GET, HEAD")
        else:
            self._send_page(part)

    def _send_page(self, part: Part) -> None:
        accept = ",".join(self.headers.get_all("Accept", ()))
        try:
            text, content_type = self.server.page.render(accept, part)
        except Exception:  # a scrape must not end the server: the next one may succeed
            logger.exception("cannot render the metrics page")
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, b"cannot render the page; see the server's log\n")
            return
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if gzip_accepted(",".join(self.headers.get_all("Accept-Encoding", ()))):
            text = gzip.compress(text, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        self._send(HTTPStatus.OK, text, **headers)

    def _send(self, status: HTTPStatus, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "text/plain; charset=utf-8"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log requests at DEBUG."""
        logger.debug(format, *args)
