"""The routes that Flask answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from seldon_runtime.plugin import Done, StartupError
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.route import Deferred, HttpRoute

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
DOCS = ("/docs", "/docs/", "/docs/start.js", "/docs/assets/{name}")


class FlaskRoutes:
    """Hands requests to a Flask application, in threads.

    Args:
        make: returns the WSGI application. Called at the first request, since Flask is slow to import.
        threads: the threads that run the application.
    """

    def __init__(self, make: Callable[[], WsgiApp], threads: RequestThreads) -> None:
        self._make = make
        self._threads = threads
        self._lock = threading.Lock()
        self._app: WsgiApp | None = None

    def load(self) -> None:
        """Make the application now.

        Raises:
            StartupError: the user's ``model_error_handler`` is not a Flask blueprint that fits.
        """
        try:
            self._loaded()
        except Exception as error:
            raise StartupError(f"the component's model_error_handler does not fit Flask: {error}") from error

    def docs(self) -> Iterator[HttpRoute]:
        """Yield the routes of the documentation page."""
        for path in DOCS:
            yield HttpRoute(("GET",), path, self._begin, reads_body=False)

    def instead_of(self, route: HttpRoute) -> HttpRoute:
        """Return a route for the same requests; Flask answers them."""
        return replace(route, begin=self._begin, reads_body=True)

    def fallback(self) -> HttpRoute:
        """Return a route for every request that no other route takes."""
        return HttpRoute(("GET",), "/", self._begin)

    def _begin(self, request: HttpRequest) -> Deferred:
        request.deadline()  # begins now, not when a thread is free
        return Deferred(partial(self._threads.run, partial(self._answer, request)))

    def _answer(self, request: HttpRequest, done: Done) -> None:
        from seldon_runtime_rest.flask_bridge.wsgi import environ_of, response_of

        done(response_of(self._loaded(), environ_of(request)), None)

    def _loaded(self) -> WsgiApp:
        with self._lock:
            if self._app is None:
                self._app = self._make()
            return self._app
