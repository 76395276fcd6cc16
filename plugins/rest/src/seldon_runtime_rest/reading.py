"""A Flask request as the wire object of a call.

In the protocol's order: a multipart form, then a ``json`` form field, then a
``json`` query parameter, then a JSON body.
"""

from __future__ import annotations

import base64
from typing import Any

from flask import Request

from seldon_runtime.errors import SeldonError
from seldon_runtime.protocols.nesting import check_nesting
from seldon_runtime_rest.json_text import loads


def read(request: Request, *, max_nesting: int, passthrough: bool = False) -> Any:
    """The request's bytes, JSON text or, from a multipart form, dict.

    Args:
        request: of any HTTP method.
        max_nesting: of the JSON in the parts of a multipart form; other JSON is parsed by the codec.
        passthrough: take a body of any content type.

    Raises:
        SeldonError: there is nothing to read, or a part of a form is not what it should be.
    """
    if request.mimetype == "multipart/form-data":
        return _multipart(request, max_nesting)
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
    raise SeldonError(
        f"Content-Type is {request.mimetype:.80}, expected application/json, multipart/form-data, "
        "or application/x-www-form-urlencoded with a json field",
        status_code=415,
    )


def _multipart(request: Request, max_nesting: int) -> dict[str, Any]:
    """Text parts are JSON, but for strData; a file binData is base64-encoded, other files are text."""
    message: dict[str, Any] = {}
    for name, text in request.form.items():
        message[name] = text if name == "strData" else _parsed(name, text, max_nesting)
    for name, file in request.files.items():
        content = file.read()
        if name == "binData":
            message[name] = base64.b64encode(content).decode("ascii")
        else:
            try:
                message[name] = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise SeldonError(f"the file {name!r:.80} of the form is no UTF-8 text: {error}") from error
    return message


def _parsed(name: str, text: str, max_nesting: int) -> Any:
    check_nesting(text.encode("utf-8", "surrogatepass"), max_nesting)
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise SeldonError(f"the form field {name!r:.80} is no JSON: {error}") from error
