"""The Flask application: the documentation page, and v1's routes beside a ``model_error_handler``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from seldon_runtime.plugin import Call, ComponentFailed, SeldonError, Service
from seldon_runtime_rest.flask_bridge.docs_page import docs_blueprint
from seldon_runtime_rest.flask_bridge.wsgi import REQUEST, refusal_of
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse, error_response, fault
from seldon_runtime_rest.route import HttpRoute

logger = logging.getLogger(__name__)

View = Callable[[], flask.Response]


def create_app(
    service: Service,
    routes: Iterable[HttpRoute],
    blueprint: flask.Blueprint | None,
    home: HttpRoute | None = None,
    *,
    has_docs: bool = True,
) -> flask.Flask:
    """Return the application of one service.

    ``FLASK_*`` environment variables set its configuration. The blueprint's error handlers see the user's own
    exceptions.

    Args:
        service: answers the calls.
        routes: routes whose ``begin`` returns calls or responses.
        blueprint: the ``model_error_handler`` of the user's class.
        home: the page at ``/``, unless the blueprint has one.
        has_docs: set False for an application without the documentation page.
    """
    app = flask.Flask(__name__, static_folder=None)
    app.config.from_prefixed_env("FLASK", loads=_config_value)
    for limit in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE"):
        app.config[limit] = None  # the server limits bodies; Werkzeug would cut some silently
    for route in routes:
        name = f"{'-'.join(route.verbs)}:{route.path_template}".replace(".", "-")
        app.add_url_rule(route.path_template, name, _view(service, route), methods=list(route.verbs))
    if has_docs:
        app.register_blueprint(docs_blueprint())
    app.register_error_handler(SeldonError, _on_seldon_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_other_error)
    if blueprint is not None:
        app.register_blueprint(blueprint)
    if home is not None and not any(rule.rule == home.path_template for rule in app.url_map.iter_rules()):
        app.add_url_rule(home.path_template, "home", _view(service, home), methods=list(home.verbs))
    return app


def _view(service: Service, route: HttpRoute) -> View:
    def view() -> flask.Response:
        result = route.begin(flask.request.environ[REQUEST])
        if isinstance(result, HttpResponse):
            return _response(result)
        assert isinstance(result, Call)  # the routes that are registered here defer nothing
        flask.g.call = result
        try:
            return _response(service.call(result))
        except ComponentFailed as error:
            if not isinstance(error.__cause__, Exception):
                raise
            flask.g.failure = error
            raise error.__cause__ from None

    return view


def _response(response: HttpResponse) -> flask.Response:
    return flask.Response(
        response.body, response.status, response.headers, content_type=response.content_type
    )


def _on_seldon_error(error: SeldonError) -> flask.Response:
    call: Call | None = flask.g.get("call")
    request: HttpRequest = flask.request.environ[REQUEST]
    return _response(error_response(error, call.request_id if call else request.request_id))


def _on_http_error(error: HTTPException) -> AnyResponse:
    """Answer Flask's refusals in the protocol's error body; redirects are left as they are."""
    if (error.code or 500) < 400:
        return error.get_response(flask.request.environ)
    return _on_seldon_error(refusal_of(error, flask.request.method, flask.request.path))


def _on_other_error(error: Exception) -> flask.Response:
    """Answer an exception that no handler of the user has handled, or a fault of this plugin."""
    failure: ComponentFailed | None = flask.g.get("failure")
    if failure is None:
        logger.exception("the REST application failed", exc_info=error)
    return _on_seldon_error(failure or fault())


def _config_value(text: str) -> object:
    """Parse ``True`` and ``False``, as the packaging guide writes them, and JSON; leave other text."""
    lowered = text.strip().lower()
    value: object = flask.json.loads(lowered if lowered in ("true", "false") else text)
    return value
