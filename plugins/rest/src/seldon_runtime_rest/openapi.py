"""The OpenAPI document of one component: the addresses it has, what they take and what they answer.

Addresses and HTTP methods are those of the Seldon v1 protocol. A method that the
component does not define is left out, unless the protocol answers without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from seldon_runtime.message import Method
from seldon_runtime_rest.openapi_errors import ERROR_RESPONSES, error_answers
from seldon_runtime_rest.openapi_examples import feedback_examples, list_examples, message_examples
from seldon_runtime_rest.openapi_schemas import MULTIPART_SCHEMAS, SCHEMAS, JsonDict, ref


@dataclass(frozen=True, slots=True)
class Description:
    """What the document tells of the component.

    ``name``, ``versions``, ``platform`` and ``inputs`` are those of its metadata, and may be
    empty; ``metadata`` are all of them, as ``/metadata`` answers them, or None when they do
    not fit their schema. ``methods`` are those that the class ``class_name`` defines.
    """

    name: str
    versions: Sequence[str]
    platform: str
    service_type: str
    class_name: str
    methods: frozenset[Method]
    metadata: dict[str, Any] | None = None
    inputs: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class _Call:
    """A method of the component, and its addresses: ``path`` (GET, POST) and ``aliases`` (POST)."""

    method: Method
    path: str
    schema: str
    examples: Callable[[Sequence[Mapping[str, Any]]], JsonDict]
    summary: str
    aliases: tuple[str, ...] = ()
    without: str = ""
    """What is answered when the component does not define the method; empty: then it is left out."""


_V1 = ("/api/v1.0/", "/api/v0.1/")
_AS_IT_CAME = "the payload is answered as it came."
_MESSAGE = ("SeldonMessage", message_examples)
_CALLS = (
    _Call(Method.PREDICT, "/predict", *_MESSAGE, "Predict", tuple(v1 + "predictions" for v1 in _V1)),
    _Call(Method.TRANSFORM_INPUT, "/transform-input", *_MESSAGE, "Transform a request", without=_AS_IT_CAME),
    _Call(
        Method.TRANSFORM_OUTPUT, "/transform-output", *_MESSAGE, "Transform an answer", without=_AS_IT_CAME
    ),
    _Call(Method.ROUTE, "/route", *_MESSAGE, "Choose a branch: the answer holds its number"),
    _Call(Method.AGGREGATE, "/aggregate", "SeldonMessageList", list_examples, "Combine messages into one"),
    _Call(
        Method.SEND_FEEDBACK,
        "/send-feedback",
        "Feedback",
        feedback_examples,
        "Reward an earlier answer",
        tuple(v1 + "feedback" for v1 in _V1),
        "the answer is an empty array.",
    ),
)

_CALL_ERRORS = {
    "400": "BadRequest",
    "413": "TooLarge",
    "415": "UnsupportedMediaType",
    "500": "ComponentFailed",
    "503": "Unavailable",
    "default": "OtherError",
}


def document(description: Description) -> dict[str, Any]:
    """The OpenAPI 3.1 document as plain JSON values; it is the caller's own, nothing is shared."""
    paths: JsonDict = {}
    for call in _CALLS:
        if call.method in description.methods or call.without:
            paths.update(_call_paths(call, description))
    paths.update(_information_paths(description))
    return deepcopy(
        {
            "openapi": "3.1.0",
            "info": _info(description),
            "servers": [{"url": "/"}],
            "tags": [{"name": "component"}, {"name": "health"}, {"name": "about"}],
            "paths": paths,
            "components": {"schemas": SCHEMAS, "responses": ERROR_RESPONSES},
        }
    )


def _info(description: Description) -> JsonDict:
    platform = f" on {description.platform}" if description.platform else ""
    methods = ", ".join(f"`{method.value}`" for method in Method if method in description.methods)
    return {
        "title": description.name or description.class_name,
        "version": ", ".join(filter(None, description.versions)) or "unversioned",
        "description": f"`{description.class_name}`{platform}, served as {description.service_type}."
        f" It defines {methods or 'no method of its own'}.\n\n"
        "A message may also stand in the query or in a form field `json`, which win over a JSON body."
        " An unknown address answers 404, a wrong HTTP method 405, both with the body of every error.",
    }


def _call_paths(call: _Call, description: Description) -> JsonDict:
    examples = call.examples(description.inputs)

    def get(path: str) -> JsonDict:
        return _operation(call, description, "get", path) | {"parameters": [_query_parameter(call, examples)]}

    def post(path: str) -> JsonDict:
        return _operation(call, description, "post", path) | {"requestBody": _request_body(call, examples)}

    aliases = {alias: {"post": post(alias)} for alias in call.aliases}
    return {call.path: {"post": post(call.path), "get": get(call.path)}, **aliases}


def _operation(call: _Call, description: Description, verb: str, path: str) -> JsonDict:
    operation: JsonDict = {
        "operationId": _operation_id(verb, path),
        "summary": call.summary,
        "tags": ["component"],
        "responses": {"200": _json_answer("The answer.", ref("SeldonMessage"))} | error_answers(_CALL_ERRORS),
    }
    if call.method is Method.TRANSFORM_INPUT and description.service_type == "OUTLIER_DETECTOR":
        operation["description"] = "The answer is the request, with its score in `meta.tags.outlierScore`."
    elif call.method not in description.methods:
        operation["description"] = f"The component does not define `{call.method.value}`: {call.without}"
    return operation


def _operation_id(verb: str, path: str) -> str:
    """``postApiV10Feedback``: no underscores, which Swagger UI takes for blanks in its deep links."""
    words = path.replace("-", "/").replace(".", "").split("/")
    return verb + "".join(word.capitalize() for word in words)


def _query_parameter(call: _Call, examples: JsonDict) -> JsonDict:
    texts = {label: {**example, "value": json.dumps(example["value"])} for label, example in examples.items()}
    return {"name": "json", "in": "query", "required": True, "schema": _json_text(call), "examples": texts}


def _request_body(call: _Call, examples: JsonDict) -> JsonDict:
    text = {**_json_text(call), "examples": [json.dumps(example["value"]) for example in examples.values()]}
    form = {"type": "object", "properties": {"json": text}, "required": ["json"]}
    content = {
        "application/json": {"schema": ref(call.schema), "examples": examples},
        "application/x-www-form-urlencoded": {"schema": form},
        "multipart/form-data": {"schema": ref(MULTIPART_SCHEMAS.get(call.schema, call.schema))},
    }
    return {"required": True, "content": content}


def _json_text(call: _Call) -> JsonDict:
    # No contentMediaType: Swagger UI would ask for a file.
    return {"type": "string", "description": f"A `{call.schema}` as JSON text."}


def _information_paths(description: Description) -> JsonDict:
    healthy = {"strData": "healthy", "meta": {}}
    health = _json_answer("What the component says of its health.", ref("SeldonMessage"), healthy)
    metadata = _json_answer("The metadata.", ref("Metadata"), description.metadata)
    ping = {"description": "The server answers.", "content": {"text/html": {"schema": {"const": "pong"}}}}
    ready = {"200": {"description": "Ready for requests."}} | error_answers({"503": "Unavailable"})
    failure = error_answers({"500": "ComponentFailed", "default": "OtherError"})
    answers = {
        "/health/ping": ("health", "Is there a server?", {"200": ping}),
        "/health/live": ("health", "Is the process alive?", {"200": {"description": "Alive."}}),
        "/health/ready": ("health", "May requests be sent?", ready),
        "/health/status": ("health", "Ask the component for its health", {"200": health} | failure),
        "/api/v1.0/health/status": ("health", "Ask the component for its health", {"200": health} | failure),
        "/metadata": ("about", "The component's metadata", {"200": metadata} | failure),
        "/api/v1.0/metadata": ("about", "The component's metadata", {"200": metadata} | failure),
        "/seldon.json": ("about", "This document", {"200": _json_answer("OpenAPI.", {"type": "object"})}),
    }
    return {
        path: {
            "get": {
                "operationId": _operation_id("get", path),
                "summary": summary,
                "tags": [tag],
                "responses": responses,
            }
        }
        for path, (tag, summary, responses) in answers.items()
    }


def _json_answer(description: str, schema: JsonDict, example: JsonDict | None = None) -> JsonDict:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"description": description, "content": {"application/json": content}}
