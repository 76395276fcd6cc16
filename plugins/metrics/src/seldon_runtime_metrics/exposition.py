"""The transport that Prometheus scrapes, in threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from seldon_runtime.transport import bind
from seldon_runtime_metrics.page import Page, Part
from seldon_runtime_metrics.sampling import Sampler
from seldon_runtime_metrics.server import PageServer


class MetricsTransport:
    """Serves the page until the process stops, also while it drains.

    Args:
        page: what is served.
        paths: which part of it at which path.
        host: address to listen on.
        port: 0 for any free one.
        sampler: started with the transport if other workers may be scraped in this one's stead.
    """

    name = "metrics"

    def __init__(
        self, page: Page, paths: Mapping[str, Part], host: str, port: int, sampler: Sampler | None = None
    ) -> None:
        self._page = page
        self._paths = paths
        self._host = host
        self._port = port
        self._sampler = sampler
        self._server: PageServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """The URL of the page."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{next(iter(self._paths))}"

    def start(self) -> None:
        """Bind, and serve in threads. Raises StartupError when the port cannot be had."""
        listener = bind(self._host, self._port, "--metrics-port (PREDICTIVE_UNIT_METRICS_SERVICE_PORT)")
        self._port = listener.getsockname()[1]
        self._server = PageServer(listener, self._page, self._paths)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )
        self._thread.start()
        if self._sampler is not None:
            self._sampler.start()

    def stop_accepting(self) -> None:
        """Nothing: what becomes of the last calls must be seen."""

    def stop(self, grace_s: float) -> None:
        """Close the port; a page that is being sent may end within ``grace_s``."""
        if self._sampler is not None:
            self._sampler.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server.wait_until_idle(grace_s)
