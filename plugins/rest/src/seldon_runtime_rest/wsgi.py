"""The v1 routes as a Flask application, for tests with its ``test_client()`` and for WSGI servers. Public."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from seldon_runtime.plugin import Service, Settings, environment_settings
from seldon_runtime_rest.assembly import flask_app
from seldon_runtime_rest.flask_bridge.routes import WsgiApp
from seldon_runtime_rest.flask_bridge.wsgi import REQUEST, request_of
from seldon_runtime_rest.plugin import seldon_options

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["flask_application"]


def flask_application(service: Service, settings: Settings | None = None) -> Flask:
    """Return the routes of the v1 protocol as a Flask application. Its views block until the answer is there.

    Args:
        service: answers the calls.
        settings: the settings of the REST plugin; by default those of the environment.
    """
    if settings is None:
        settings = environment_settings(list(seldon_options()))
    app = flask_app(service, settings)
    app.wsgi_app = _WithRequest(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's documentation does
    return app


class _WithRequest:
    """A WSGI application that adds the :class:`HttpRequest` to the environment."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        environ[REQUEST] = request_of(environ)
        return self._app(environ, start_response)
