"""The transport that Prometheus scrapes, on threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from seldon_runtime.plugin import ServerTls, Sockets, url_host
from seldon_runtime_metrics.page.page import Page, Part
from seldon_runtime_metrics.page.server import PageServer
from seldon_runtime_metrics.plugin import PORT_SETTING
from seldon_runtime_metrics.runtime.sampler import Sampler


class MetricsTransport:
    """Serves the pages until the process stops, also while it drains.

    Args:
        page: the renderer.
        paths: the part of the metrics at each path; the first is the page's address.
        host: address to listen on.
        port: port to listen on; 0 for any free port.
        sockets: the source of the listening socket.
        sampler: started with the transport, if another worker may answer the scrape.
        tls: the pages' certificate; None for plain text.
    """

    name = "metrics"

    def __init__(
        self,
        page: Page,
        paths: Mapping[str, Part],
        host: str,
        port: int,
        sockets: Sockets,
        sampler: Sampler | None = None,
        tls: ServerTls | None = None,
    ) -> None:
        self._page = page
        self._paths = paths
        self._host = host
        self._port = port
        self._sockets = sockets
        self._sampler = sampler
        self._tls = tls
        self._server: PageServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Return the URL of the first page; final once started."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{url_host(self._host)}:{self._port}{next(iter(self._paths))}"

    def start(self) -> None:
        """Bind the port and serve on threads.

        Raises:
            StartupError: the port cannot be bound.
        """
        listener = self._sockets.bind(self._host, self._port, PORT_SETTING)
        self._port = listener.getsockname()[1]
        self._server = PageServer(listener, self._page, self._paths, self._tls)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )
        self._thread.start()
        if self._sampler is not None:
            self._sampler.start()
        if self._tls is not None:
            self._tls.start()

    def stop_accepting(self) -> None:
        """Do nothing: the pages must show the outcome of the last calls."""

    def stop(self, grace_s: float) -> None:
        """Close the port; wait up to ``grace_s`` seconds for open connections."""
        if self._sampler is not None:
            self._sampler.stop()
        if self._tls is not None:
            self._tls.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server.wait_until_idle(grace_s)
