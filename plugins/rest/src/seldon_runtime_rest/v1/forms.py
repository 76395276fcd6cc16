"""The wire object of a call, read from a form, a query or a JSON body with an unusual head.

The first of these counts, as the protocol prescribes: a multipart form, a ``json`` form field, a ``json``
query parameter, a JSON body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug import Request
from werkzeug.exceptions import HTTPException

from seldon_runtime.plugin import SeldonError
from seldon_runtime.protocols.base64_text import encode_base64
from seldon_runtime.protocols.collector import paused_collector
from seldon_runtime.protocols.depth import check_nesting
from seldon_runtime.protocols.json_memory import json_memory
from seldon_runtime_rest.flask_bridge.wsgi import environ_of, refusal_of
from seldon_runtime_rest.media.formats import readable
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.v1.json_text import loads
from seldon_runtime_rest.v1.multipart import parts_of

_FIELD_BYTES = 320
"""The memory that Werkzeug takes for a field of a form or query, besides its text."""
_ESCAPE_BYTES = 256
"""The memory that the standard library takes for a percent sign, at which it splits the text."""
_COPIES = 6
"""How often a part of a form is there at the same time: as bytes, decoded, split, as base64 ..."""
Take = Callable[[int], object]
"""Takes memory that reading needs, or raises SeldonError."""


class FormRequest(Request):
    """Werkzeug's parser of forms, without its limits: the server limits bodies already."""

    max_content_length = None
    max_form_memory_size = None


def form_memory(request: HttpRequest) -> int:
    """Return an estimate of the bytes that reading a form and a query takes, JSON in them not included."""
    query = request.query
    fields, escapes, copied = query.count("&"), query.count("%"), len(query)
    content_type = request.headers.raw.get(b"content-type", b"").strip().lower()
    if content_type.startswith(b"multipart/"):
        copied += len(request.body)
    elif content_type.startswith(b"application/x-www-form-urlencoded"):
        fields += request.body.count(b"&")
        escapes += request.body.count(b"%")
        copied += len(request.body)
    return fields * _FIELD_BYTES + escapes * _ESCAPE_BYTES + copied * _COPIES


def wire_of(
    request: HttpRequest, *, max_nesting: int, passthrough: bool = False, take: Take = lambda size: None
) -> Any:
    """Return the wire object of a request, as :func:`read` does.

    Raises:
        SeldonError: the request has no message, or its form is not valid.
    """
    take(form_memory(request))
    found = FormRequest(environ_of(request))
    try:
        return read(found, max_nesting=max_nesting, passthrough=passthrough, take=take)
    except HTTPException as error:
        raise refusal_of(error, request.verb, request.path) from error


def read(
    request: Request, *, max_nesting: int, passthrough: bool = False, take: Take = lambda size: None
) -> Any:
    """Return the message of a request: bytes of a body, JSON text, or the dict of a multipart form.

    Args:
        request: a request with any HTTP method.
        max_nesting: the deepest nesting of JSON in parts of a multipart form. The codec checks other JSON.
        passthrough: accept a body of any content type.
        take: takes the memory for the JSON of a multipart form; by default any.

    Raises:
        SeldonError: there is no message, or a part of a form is not valid.
    """
    if request.mimetype == "multipart/form-data":
        return _multipart(request, max_nesting, take)
    text = request.form.get("json") or request.args.get("json")
    if text:
        return text
    if request.is_json or passthrough:
        return request.get_data(cache=False)
    if request.method == "GET" or not request.mimetype:
        raise SeldonError(
            "there is no JSON in this request: send a body with Content-Type application/json, "
            "a multipart form, or json=... in a form or the query",
            status_code=415 if request.method != "GET" else None,
        )
    if request.mimetype == "application/x-www-form-urlencoded":
        raise SeldonError(
            "Content-Type is application/x-www-form-urlencoded, and the form has no field named json; if the "
            "body is JSON, send Content-Type application/json (curl: -H 'Content-Type: application/json')",
            status_code=415,
        )
    raise SeldonError(
        f"Content-Type is {request.mimetype:.80}, expected application/json, multipart/form-data, "
        "application/x-www-form-urlencoded with a json field, or for a method with one payload "
        f"{', '.join(readable())}",
        status_code=415,
    )


def _multipart(request: Request, max_nesting: int, take: Take) -> dict[str, Any]:
    """Parse text parts as JSON, except strData; encode a file binData in base64; decode other files.

    The first of several fields or files with one name wins, and a file wins over a field.
    """
    message: dict[str, Any] = {}
    files: dict[str, Any] = {}
    for part in parts_of(request.get_data(cache=False), request.content_type or ""):
        if part.is_file:
            if part.name not in files:
                files[part.name] = encode_base64(part.content) if part.name == "binData" else part.text()
        elif part.name not in message:
            text = part.text()
            is_text = part.name == "strData"
            message[part.name] = text if is_text else _parsed(part.name, text, max_nesting, take)
    return {**message, **files}


def _parsed(name: str, text: str, max_nesting: int, take: Take) -> Any:
    encoded = text.encode("utf-8", "surrogatepass")
    check_nesting(encoded, max_nesting)
    take(json_memory(encoded))
    try:
        with paused_collector():
            return loads(text)
    except (ValueError, RecursionError) as error:
        raise SeldonError(f"the form field {name!r:.80} is not valid JSON: {error}") from error
