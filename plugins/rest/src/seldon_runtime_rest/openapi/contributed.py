"""The operations of the routes that other plugins add."""

from __future__ import annotations

import re

from seldon_runtime_rest.openapi.errors import error_answers
from seldon_runtime_rest.openapi.schemas import JsonDict
from seldon_runtime_rest.route import HttpRoute

EXTENSIONS = "extensions"
"""The tag of these operations."""
_BREAKS = re.compile(r"[-/_{}]+")
_PARAMETER = re.compile(r"\{(\w+)\}")


def operation_id(verb: str, path: str) -> str:
    """Return such as ``postApiV10Feedback``: Swagger UI takes underscores for blanks in its deep links."""
    words = _BREAKS.split(path.replace(".", ""))
    return verb.lower() + "".join(word.capitalize() for word in words)


def operations_of(route: HttpRoute) -> JsonDict:
    """Return a route's operation objects by lower-case HTTP method; the route's own entries win."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path_template)
    ]
    return {
        verb.lower(): {
            "operationId": operation_id(verb, route.path_template),
            "tags": [EXTENSIONS],
            "responses": {"200": {"description": "The response."}} | error_answers({"default": "OtherError"}),
            **({"summary": route.summary} if route.summary else {}),
            **({"parameters": parameters} if parameters else {}),
            **(route.operation or {}),
        }
        for verb in route.verbs
    }
