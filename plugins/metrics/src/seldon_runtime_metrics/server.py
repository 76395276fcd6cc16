"""The HTTP server of the page: a thread for each connection, bounded in number, size and time.

It stands on the standard library's ``http.server``. ``prometheus_client.make_wsgi_app`` on
``wsgiref`` would answer every path, and neither has a limit to connections or to the time that a
slow client may take; both matter on a port that is open beside the component's.
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

from seldon_runtime_metrics.page import Page, Part

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 32
MAX_HEAD_BYTES = 16 * 1024
REQUEST_S = 5.0
"""How long a client may take to say what it wants."""
ANSWER_S = 20.0
"""How long it may take to receive it."""


class PageServer(ThreadingMixIn, TCPServer):
    """Serves pages; a connection above :data:`MAX_CONNECTIONS` is closed at once.

    Args:
        listener: a bound socket.
        page: what is served.
        paths: which part of it at which path.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, page: Page, paths: Mapping[str, Part]) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        listener.setblocking(False)  # another worker may take a connection just before this one does
        self.socket = listener
        self.page = page
        self.paths = paths
        self._open = 0
        self._changed = threading.Condition()
        listener.listen(MAX_CONNECTIONS)

    def wait_until_idle(self, timeout_s: float) -> None:
        """Until no connection is open."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout_s)

    def process_request(self, request: Any, client_address: Any) -> None:
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
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._closed()

    def _closed(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("a scrape was not finished", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One request, one answer, and the connection is closed."""

    server: PageServer
    server_version = "seldon-runtime"
    sys_version = ""

    def handle(self) -> None:
        self.close_connection = True
        self.rfile = BytesIO(self._head())
        self.connection.settimeout(ANSWER_S)
        self.raw_requestline = self.rfile.readline()
        if self.raw_requestline and self.parse_request():
            self._answer()

    def _head(self) -> bytes:
        """What the client sends up to the empty line; nothing when it takes too long or sends too much."""
        deadline = time.monotonic() + REQUEST_S
        head = b""
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or len(head) > MAX_HEAD_BYTES:
                return b""
            self.connection.settimeout(left_s)
            try:
                piece = self.connection.recv(4096)
            except OSError:  # too slow, or gone
                return b""
            if not piece:
                return b""
            head += piece
        return head

    def _answer(self) -> None:
        part = self.server.paths.get(self.path.partition("?")[0])
        if part is None:
            where = ", ".join(self.server.paths)
            self._send(HTTPStatus.NOT_FOUND, f"not found; metrics are at {where}\n".encode())
        elif self.command not in ("GET", "HEAD"):
            self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"use GET or HEAD\n", Allow="GET, HEAD")
        else:
            self._send_page(part)

    def _send_page(self, part: Part) -> None:
        accept = ",".join(self.headers.get_all("Accept", ()))
        try:
            text, content_type = self.server.page.render(accept, part)
        except Exception:  # a scrape must not end the server; the next one may succeed
            logger.exception("the metrics page cannot be made")
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, b"the page cannot be made; the log says why\n")
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
        logger.debug(format, *args)
