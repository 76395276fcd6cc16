"""The paths of the Seldon v1 protocol and the calls that they make."""

from __future__ import annotations

from seldon_runtime.plugin import Method

GET_AND_POST = ("GET", "POST")
POST = ("POST",)

CALLS: dict[str, tuple[Method, tuple[str, ...]]] = {
    "/predict": (Method.PREDICT, GET_AND_POST),
    "/api/v1.0/predictions": (Method.PREDICT, POST),
    "/api/v0.1/predictions": (Method.PREDICT, POST),
    "/transform-input": (Method.TRANSFORM_INPUT, GET_AND_POST),
    "/transform-output": (Method.TRANSFORM_OUTPUT, GET_AND_POST),
    "/route": (Method.ROUTE, GET_AND_POST),
    "/aggregate": (Method.AGGREGATE, GET_AND_POST),
    "/send-feedback": (Method.SEND_FEEDBACK, GET_AND_POST),
    "/api/v1.0/feedback": (Method.SEND_FEEDBACK, POST),
    "/api/v0.1/feedback": (Method.SEND_FEEDBACK, POST),
}
"""Path to the call and the HTTP methods that make it."""
HEALTH_STATUS = ("/health/status", "/api/v1.0/health/status")
METADATA = ("/metadata", "/api/v1.0/metadata")
OPENAPI = "/seldon.json"
