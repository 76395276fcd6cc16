"""The error responses of the REST endpoints, as OpenAPI components.

Do not change the constant: :func:`seldon_runtime_rest.openapi.document.document` copies it. The module
:mod:`seldon_runtime_rest.response` decides which status an error gets.
"""

from __future__ import annotations

from collections.abc import Mapping

from seldon_runtime.plugin import ErrorCode
from seldon_runtime_rest.openapi.schemas import JsonDict, ref


def error_answers(names: Mapping[str, str]) -> JsonDict:
    """Return an operation's error ``responses``: a reference into :data:`ERROR_RESPONSES` by status."""
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}


def _error(description: str, code: ErrorCode, info: str) -> JsonDict:
    example = {"status": {"code": -1, "info": info, "reason": code.value, "status": 1}}
    return {
        "description": description,
        "content": {"application/json": {"schema": ref("Error"), "example": example}},
    }


ERROR_RESPONSES: JsonDict = {
    "BadRequest": _error(
        "The request is not valid: the caller must change it.",
        ErrorCode.BAD_DATA,
        "the request has no payload: data, jsonData, strData or binData is expected",
    ),
    "NotFound": _error(
        "There is nothing at that address.",
        ErrorCode.NOT_FOUND,
        "there is nothing at /predictions",
    ),
    "MethodNotAllowed": _error(
        "The address does not take that HTTP method; the `Allow` header lists the methods that it takes.",
        ErrorCode.BAD_DATA,
        "/metadata takes GET, not POST",
    ),
    "NotAcceptable": _error(
        "No media type that `Accept` allows can hold the answer.",
        ErrorCode.BAD_DATA,
        "Accept is application/xml, expected application/json, text/csv",
    ),
    "TooLarge": _error(
        "The request is larger than a configured limit.",
        ErrorCode.TOO_LARGE,
        "the request has 67108865 bytes or more, at most 67108864 are accepted",
    ),
    "UnsupportedMediaType": _error(
        "The content type must be one of those listed here, and the body must not be compressed.",
        ErrorCode.BAD_DATA,
        "Content-Type is application/xml, expected application/json",
    ),
    "ComponentFailed": _error(
        "The component's code failed, or returned a result that no response can hold.",
        ErrorCode.COMPONENT_FAILED,
        "could not convert string to float: 'x'",
    ),
    "Unavailable": _error(
        "The server is not ready yet, shutting down, or too busy: try again later.",
        ErrorCode.OVERLOADED,
        "the queue is full",
    ),
    "DeadlineExceeded": _error(
        "The call's deadline passed before it was answered.",
        ErrorCode.DEADLINE_EXCEEDED,
        "the call was not answered within its time: the component is busy, or it hangs",
    ),
    "OtherError": _error(
        "Any other failure, with a status that the component or the server chose.",
        ErrorCode.NOT_IMPLEMENTED,
        "not implemented",
    ),
}
