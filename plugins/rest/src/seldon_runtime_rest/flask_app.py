"""The Flask application: every endpoint, for every request the fast lane does not take."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from seldon_runtime.call import Call, request_id_from
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime_rest import asker, openapi, routes
from seldon_runtime_rest.answer import REQUEST_ID, HttpAnswer, error_answer, fault, status_answer
from seldon_runtime_rest.asker import Asker
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.docs_page import docs_blueprint
from seldon_runtime_rest.json_text import dumper
from seldon_runtime_rest.probes import PROBES
from seldon_runtime_rest.reading import read

logger = logging.getLogger(__name__)

_openapi_text = dumper(sort_keys=False)  # its order is what readers of the page see
Codecs = Callable[[Method], RestCodec]


def create_app(service: Service, codecs: Codecs, *, passthrough: bool = False) -> flask.Flask:
    """The application of one service.

    ``FLASK_*`` environment variables set its configuration. A ``model_error_handler``
    blueprint of the user's class is registered and sees the user's own exceptions.
    """
    app = flask.Flask(__name__, static_folder=None)
    app.config.from_prefixed_env("FLASK", loads=_config_value)
    for limit in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE"):
        app.config[limit] = None  # the lane limits bodies; Werkzeug would cut some silently
    user_handler = error_blueprint(service)
    for path, (method, verbs) in routes.CALLS.items():
        raw = passthrough and method is Method.PREDICT
        view = _call_view(service, codecs, method, passthrough=raw, user_errors=user_handler is not None)
        app.add_url_rule(path, f"{method.value}:{path}", view, methods=list(verbs))
    for path in routes.HEALTH_STATUS:
        view = _call_view(service, codecs, Method.HEALTH_STATUS, user_errors=user_handler is not None)
        app.add_url_rule(path, f"health:{path}", view)
    for path in routes.METADATA:
        app.add_url_rule(path, f"metadata:{path}", lambda: _response(_json(codecs, service.metadata())))
    for path, probe in PROBES.items():
        app.add_url_rule(path, f"probe:{path}", partial(lambda probe: _response(probe(service)), probe))
    app.add_url_rule(
        routes.OPENAPI, "openapi", lambda: _response(HttpAnswer(200, _openapi_text(describe(service))))
    )
    app.register_blueprint(docs_blueprint())
    app.register_error_handler(SeldonError, _on_seldon_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_other_error)
    if user_handler is not None:
        app.register_blueprint(user_handler)
    return app


def error_blueprint(service: Service) -> Any:
    """The user's ``model_error_handler``: a Flask blueprint with error handlers, or None."""
    return getattr(service.component.user, "model_error_handler", None)


def describe(service: Service) -> dict[str, Any]:
    """The OpenAPI document of this component; of wrong metadata nothing is used."""
    try:
        metadata: dict[str, Any] = service.metadata()
    except SeldonError:
        metadata = {}
    component = service.component
    return openapi.document(
        openapi.Description(
            name=metadata.get("name", ""),
            versions=metadata.get("versions", []),
            platform=metadata.get("platform", ""),
            service_type=component.service_type.value,
            class_name=type(component.user).__name__,
            methods=component.methods,
            metadata=metadata or None,
            inputs=metadata.get("inputs", []),
        )
    )


def _call_view(
    service: Service, codecs: Codecs, method: Method, *, passthrough: bool = False, user_errors: bool = False
) -> Callable[[], flask.Response]:
    def view() -> flask.Response:
        request = flask.request
        wire = None
        if method is not Method.HEALTH_STATUS:
            wire = read(request, max_nesting=service.limits.max_nesting, passthrough=passthrough)
        call = Call(
            method,
            wire,
            codecs(method),
            "rest",
            request_id=_given_request_id(),
            headers={name.lower(): value for name, value in request.headers.items()},
            request_bytes=request.content_length or 0,
            target=request.path,
            client=request.environ.get("asgi.scope", {}).get("client"),
        )
        flask.g.call = call
        client: Asker | None = request.environ.get("asgi.scope", {}).get(asker.KEY)
        if client is not None:
            client.ask(call)
        try:
            return _response(service.call(call))
        except ComponentFailed as error:
            if not user_errors or not isinstance(error.__cause__, Exception):
                raise
            flask.g.failure = error
            raise error.__cause__ from None

    return view


def _response(answer: HttpAnswer) -> flask.Response:
    return flask.Response(answer.body, answer.status, answer.headers, content_type=answer.content_type)


def _json(codecs: Codecs, value: Any) -> HttpAnswer:
    return codecs(Method.HEALTH_STATUS).write(value)


def _on_seldon_error(error: SeldonError) -> flask.Response:
    call: Call | None = flask.g.get("call")
    return _response(error_answer(error, call.request_id if call else _given_request_id()))


def _given_request_id() -> str | None:
    return request_id_from(flask.request.headers.get(REQUEST_ID))


def _on_http_error(error: HTTPException) -> flask.Response:
    """Flask's own refusals (404, 405, 413 …) in the protocol's error body, with Flask's headers."""
    status = error.code or 500
    reasons = {404: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_LARGE}
    reason = reasons.get(status, ErrorCode.BAD_DATA if status < 500 else ErrorCode.COMPONENT_FAILED)
    info = f"{flask.request.method} {flask.request.path}: {error.name}. {error.description or ''}".strip()
    response = _response(status_answer(status, info, reason.value))
    if request_id := _given_request_id():
        response.headers[REQUEST_ID] = request_id
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _on_other_error(error: Exception) -> flask.Response:
    """A user exception that the user's own handlers passed over, or a fault of this plugin."""
    failure: ComponentFailed | None = flask.g.get("failure")
    if failure is None:
        logger.exception("the REST application failed", exc_info=error)
    return _on_seldon_error(failure or fault())


def _config_value(text: str) -> Any:
    """``True`` and ``False`` as the packaging guide writes them, else JSON, else the text."""
    lowered = text.strip().lower()
    return flask.json.loads(lowered if lowered in ("true", "false") else text)
