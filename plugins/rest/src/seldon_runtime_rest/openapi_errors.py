"""The error responses of the REST endpoints, as OpenAPI components.

A constant, not to be changed: :func:`seldon_runtime_rest.openapi.document` copies it. Which
status an error gets is decided in :mod:`seldon_runtime_rest.answer`.
"""

from __future__ import annotations

from collections.abc import Mapping

from seldon_runtime.errors import ErrorCode
from seldon_runtime_rest.openapi_schemas import JsonDict, ref


def error_answers(names: Mapping[str, str]) -> JsonDict:
    """An operation's ``responses``: references from statuses to entries of :data:`ERROR_RESPONSES`."""
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}


def _error(description: str, code: ErrorCode, info: str) -> JsonDict:
    example = {"status": {"code": -1, "info": info, "reason": code.value, "status": 1}}
    return {
        "description": description,
        "content": {"application/json": {"schema": ref("Error"), "example": example}},
    }


ERROR_RESPONSES: JsonDict = {
    "BadRequest": _error(
        "The request is wrong: the caller must change it.",
        ErrorCode.BAD_DATA,
        "the request has no payload: data, jsonData, strData or binData is expected",
    ),
    "NotFound": _error(
        "There is nothing at that address.",
        ErrorCode.NOT_FOUND,
        "there is nothing at /predictions",
    ),
    "MethodNotAllowed": _error(
        "The address does not take that HTTP method; the `Allow` header says which it takes.",
        ErrorCode.BAD_DATA,
        "/metadata takes GET, not POST",
    ),
    "TooLarge": _error(
        "The request is larger than a configured limit.",
        ErrorCode.TOO_LARGE,
        "the request has 67108865 bytes or more, at most 67108864 are accepted",
    ),
    "UnsupportedMediaType": _error(
        "The content type is none that is listed here, or the body is compressed.",
        ErrorCode.BAD_DATA,
        "the content type is text/plain, expected application/json",
    ),
    "ComponentFailed": _error(
        "The component's code failed, or gave a result that cannot be answered.",
        ErrorCode.COMPONENT_FAILED,
        "could not convert string to float: 'x'",
    ),
    "Unavailable": _error(
        "Not ready yet, shutting down, or too busy: try again later.",
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
