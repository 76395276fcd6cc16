"""The exception by which a component chooses the error of its answer, and requests of Flask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.protocols.base64_text import encode_base64

if TYPE_CHECKING:
    from flask import Response


class SeldonMicroserviceException(SeldonError):
    """An error that the client receives with this status.

    Args:
        message: the ``info`` of the answer's status.
        status_code: HTTP status, 400 to 599; gRPC sends its nearest status. By default the class's own.
        payload: an attribute of the exception; the answer does not contain it.
        reason: the ``reason`` of the answer's status.

    Raises:
        ValueError: ``status_code`` is not an error status.
    """

    status_code = 400

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        payload: Any = None,
        reason: str = ErrorCode.BAD_DATA.value,
    ) -> None:
        status = type(self).status_code if status_code is None else status_code
        SeldonError.__init__(self, message, status_code=status, reason=reason)
        self.payload = payload

    def to_dict(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"status": {"status": 1, "info": self.message, "code": -1, "reason": self.reason}}


def get_request(skip_decoding: bool = False) -> Any:
    """Return the JSON of Flask's current request: its body, its field ``json``, or the fields of a form.

    Args:
        skip_decoding: return the body as bytes, or the text of the field ``json``.

    Raises:
        SeldonMicroserviceException: the request has no valid JSON.
    """
    from flask import request

    text = request.form.get("json") or request.args.get("json")
    if skip_decoding:
        return request.get_data() if text is None else text
    if text is not None:
        return _loaded(text)
    if request.mimetype == "multipart/form-data":
        return get_multi_form_data_request()
    given = request.get_json(silent=True)
    if given is None:
        raise SeldonMicroserviceException(
            "the request has no JSON: send it as the body, or in a field or query parameter named json"
        )
    return given


def get_multi_form_data_request() -> dict[str, Any]:
    """Return the fields of Flask's current multipart form as a message.

    A text field has JSON, but for ``strData``. The file ``binData`` becomes base64; other files are text.

    Raises:
        SeldonMicroserviceException: a field is not valid JSON, or a file is not UTF-8.
    """
    from flask import request

    message: dict[str, Any] = {
        name: text if name == "strData" else _loaded(text) for name, text in request.form.items()
    }
    for name, file in request.files.items():
        content = file.read()
        try:
            message[name] = encode_base64(content) if name == "binData" else content.decode()
        except UnicodeDecodeError as error:
            raise SeldonMicroserviceException(f"the file {name} is not UTF-8: {error}") from error
    return message


def jsonify(response: Any, skip_encoding: bool = False) -> Response:
    """Return Flask's response with JSON.

    Args:
        response: a JSON value; text or bytes with ``skip_encoding``.
        skip_encoding: send ``response`` as it is.
    """
    import flask

    if skip_encoding:
        return flask.Response(response, mimetype="application/json")
    return flask.jsonify(response)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SeldonMicroserviceException(f"the request is not valid JSON: {error}") from error
