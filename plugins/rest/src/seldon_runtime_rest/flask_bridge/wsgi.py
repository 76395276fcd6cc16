"""The conversion of requests and responses to and from WSGI (PEP 3333)."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

from werkzeug.exceptions import HTTPException

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_rest.flask_bridge.routes import WsgiApp
from seldon_runtime_rest.request import Headers, HttpRequest, request_type
from seldon_runtime_rest.response import HttpResponse

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
REQUEST = "seldon_runtime.request"
"""The key in the WSGI environment that holds the :class:`HttpRequest`."""
_STATUS_DIGITS = 3
_FRAMING = {"content-length", "content-type", "date", "connection"}
_REASONS = {404: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_LARGE}


def environ_of(request: HttpRequest) -> Environ:
    """Return the environment of a request whose body is whole."""
    host, port = request.client or ("", 0)
    name, port_number = _name_and_port(request)
    environ: Environ = {
        "REQUEST_METHOD": "GET" if request.verb == "HEAD" else request.verb,  # the server leaves the body out
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": name,
        "SERVER_PORT": port_number,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": host,
        "REMOTE_PORT": str(port),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        REQUEST: request,
    }
    for line_name, line_value in request.headers.lines:
        if b"_" in line_name:
            continue  # it would replace the header that has a hyphen in this place
        key = line_name.decode("latin-1").upper().replace("-", "_")
        value = line_value.decode("latin-1")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            key = f"HTTP_{key}"
            repeats = key in environ and key != "HTTP_X_REQUEST_ID"  # the last id counts, as in the log
            environ[key] = f"{environ[key]},{value}" if repeats else value
    return environ


def _name_and_port(request: HttpRequest) -> tuple[str, str]:
    """Return the name and the port that the client uses for the server; IPv6 addresses keep brackets."""
    host = request.headers.get("host", "localhost")
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return name or "localhost", port
    return host or "localhost", "443" if request.scheme == "https" else "80"


def request_of(environ: Environ) -> HttpRequest:
    """Return the request of a WSGI environment. Reads the whole body."""
    lines = [(key[5:], value) for key, value in environ.items() if key.startswith("HTTP_")]
    lines += [(key, environ[key]) for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)]
    headers = Headers(
        [(key.lower().replace("_", "-").encode(), value.encode("latin-1")) for key, value in lines]
    )
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)  # for Flask
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "surrogateescape")
    client = environ.get("REMOTE_ADDR"), environ.get("REMOTE_PORT")
    return request_type(environ["wsgi.url_scheme"])(
        environ["REQUEST_METHOD"],
        path,
        environ.get("QUERY_STRING", ""),
        headers,
        (client[0], int(client[1])) if client[0] and client[1] else None,
        body,
    )


def response_of(app: WsgiApp, environ: Environ) -> HttpResponse:
    """Call a WSGI application, wait for its whole response, and return it. Blocks."""
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [status, headers]
        return written.append

    parts = app(environ, start_response)
    try:
        written += parts
    finally:
        close = getattr(parts, "close", None)  # optional by PEP 3333
        if close is not None:
            close()
    status, headers = started
    code = _code_of(status)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    kept = tuple((name, value) for name, value in headers if name.lower() not in _FRAMING)
    return HttpResponse(code, b"".join(written), content_type, kept)


def _code_of(status: str) -> int:
    """Return the number of a status line; raise SeldonError when no response can have it."""
    digits = status.partition(" ")[0]
    code = int(digits) if digits.isdecimal() and len(digits) == _STATUS_DIGITS else 0
    if not 200 <= code <= 599:
        message = f"a handler of model_error_handler gave the status {status!r:.40}, expected 200 to 599"
        logger.error("%s", message)
        raise SeldonError(message, code=ErrorCode.COMPONENT_FAILED)
    return code


def refusal_of(error: HTTPException, verb: str, path: str) -> SeldonError:
    """Return a refusal of Werkzeug or Flask (404, 405, 413 …) as an error of the protocol."""
    status = error.code or 500
    reason = _REASONS.get(status, ErrorCode.BAD_DATA if status < 500 else ErrorCode.COMPONENT_FAILED)
    allowed = getattr(error, "valid_methods", None)  # only a 405 has it
    return SeldonError(
        f"{verb} {path}: {error.name}. {error.description or ''}".strip(),
        code=reason,
        status_code=status,
        headers={"Allow": ", ".join(sorted(allowed))} if allowed else None,
    )
