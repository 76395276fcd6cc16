"""The form of errors: ``{"error": "..."}``."""

from __future__ import annotations

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.extension import HttpRequest, HttpResponse, status_of
from seldon_runtime_v2.rest.response_body import document


def error_response(error: SeldonError, request: HttpRequest) -> HttpResponse:
    """Return the response to an error, with the request id as the log shows it."""
    text = str(error.message).encode("utf-8", "backslashreplace").decode()
    response = document({"error": text or "no message"}, status_of(error))
    request_id = request.made.request_id if request.made is not None else request.request_id
    return response.with_headers([("X-Request-Id", request_id)]) if request_id else response
