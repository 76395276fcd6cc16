"""The OpenAPI document of one component: the addresses it has, what they take and what they answer.

Addresses and HTTP methods come from :mod:`seldon_runtime_rest.routes`. A method that the
component does not define is left out, unless the protocol answers without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from seldon_runtime.message import Method
from seldon_runtime_rest import routes
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
    """What the document says of calls to one method.

    ``without`` says what is answered when the component does not define the method; when it
    is empty, the method is then left out.
    """

    summary: str
    schema: str = "SeldonMessage"
    examples: Callable[[Sequence[Mapping[str, Any]]], JsonDict] = message_examples
    without: str = ""


_AS_IT_CAME = "the payload is answered as it came."
_CALLS = {
    Method.PREDICT: _Call("Predict"),
    Method.TRANSFORM_INPUT: _Call("Transform a request", without=_AS_IT_CAME),
    Method.TRANSFORM_OUTPUT: _Call("Transform an answer", without=_AS_IT_CAME),
    Method.ROUTE: _Call("Choose a branch: the answer holds its number"),
    Method.AGGREGATE: _Call("Combine messages into one", "SeldonMessageList", list_examples),
    Method.SEND_FEEDBACK: _Call(
        "Reward an earlier answer", "Feedback", feedback_examples, without="the answer is an empty array."
    ),
}

_CALL_ERRORS = {
    "400": "BadRequest",
    "413": "TooLarge",
    "415": "UnsupportedMediaType",
    "500": "ComponentFailed",
    "503": "Unavailable",
    "504": "DeadlineExceeded",
    "default": "OtherError",
}


def document(description: Description) -> dict[str, Any]:
    """The OpenAPI 3.1 document as plain JSON values; it is the caller's own, nothing is shared."""
    paths = {
        path: _call_path(path, method, verbs, description)
        for path, (method, verbs) in routes.CALLS.items()
        if method in description.methods or _CALLS[method].without
    }
    paths.update(_information_paths(description))
    return deepcopy(
        {
            "openapi": "3.1.0",
            "info": _info(description),
            "servers": [{"url": "."}],
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


def _call_path(path: str, method: Method, verbs: Sequence[str], description: Description) -> JsonDict:
    call = _CALLS[method]
    examples = call.examples(description.inputs)
    inputs: JsonDict = {
        "POST": {"requestBody": _request_body(call, examples)},
        "GET": {"parameters": [_query_parameter(call, examples)]},
    }
    return {
        verb.lower(): _operation(verb, path, method, description) | message
        for verb, message in inputs.items()
        if verb in verbs
    }


def _operation(verb: str, path: str, method: Method, description: Description) -> JsonDict:
    scores = method is Method.TRANSFORM_INPUT and description.service_type == "OUTLIER_DETECTOR"
    answer = _json_answer("The answer.", ref("ScoredMessage" if scores else "Answer"))
    operation: JsonDict = {
        "operationId": _operation_id(verb, path),
        "summary": _CALLS[method].summary,
        "tags": ["component"],
        "responses": {"200": answer} | error_answers(_CALL_ERRORS),
    }
    if scores:
        operation["description"] = "The answer is the request, with its score in `meta.tags.outlierScore`."
    elif method not in description.methods:
        operation["description"] = f"The component does not define `{method.value}`: {_CALLS[method].without}"
    return operation


def _operation_id(verb: str, path: str) -> str:
    """``postApiV10Feedback``: no underscores, which Swagger UI takes for blanks in its deep links."""
    words = path.replace("-", "/").replace(".", "").split("/")
    return verb.lower() + "".join(word.capitalize() for word in words)


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


_READY: JsonDict = {
    "type": "object",
    "properties": {
        "ready": {"const": True},
        "degraded": {"type": "array", "items": {"type": "string"}, "examples": [["state"]]},
    },
    "required": ["ready"],
}


def _information_paths(description: Description) -> JsonDict:
    failure = error_answers({"500": "ComponentFailed", "default": "OtherError"})
    unwell = error_answers({"503": "Unavailable", "504": "DeadlineExceeded"}) | failure
    pong = {"description": "The server answers.", "content": {"text/plain": {"schema": {"const": "pong"}}}}
    ready = {
        "200": _json_answer("Ready for requests; parts that fail meanwhile are named.", _READY),
        "503": _json_answer("Still loading, or already draining.", {"const": {"ready": False}}),
    }
    live = {
        "200": _json_answer("The process is alive.", {"const": {"live": True}}),
        "503": _json_answer("The component hangs: only a new process helps.", {"const": {"live": False}}),
    }
    started = {
        "200": _json_answer("The component is loaded.", {"const": {"started": True}}),
        "503": _json_answer("Still loading.", {"const": {"started": False}}),
    }
    healthy = {"strData": "healthy", "meta": {}}
    health = _json_answer("What the component says of its health.", ref("Answer"), healthy)
    metadata = _json_answer("The metadata.", ref("Metadata"), description.metadata)
    openapi = _json_answer("OpenAPI 3.1.", {"type": "object"})
    return {
        routes.PING: _information(routes.PING, "health", "Is there a server?", {"200": pong}),
        routes.LIVE: _information(routes.LIVE, "health", "Is the process alive?", live),
        routes.READY: _information(routes.READY, "health", "May requests be sent?", ready),
        routes.STARTUP: _information(routes.STARTUP, "health", "Is the start over?", started),
        **{
            path: _information(path, "health", "Ask the component for its health", {"200": health} | unwell)
            for path in routes.HEALTH_STATUS
        },
        **{
            path: _information(path, "about", "The component's metadata", {"200": metadata} | failure)
            for path in routes.METADATA
        },
        routes.OPENAPI: _information(routes.OPENAPI, "about", "This document", {"200": openapi}),
    }


def _information(path: str, tag: str, summary: str, responses: JsonDict) -> JsonDict:
    operation_id = _operation_id("GET", path)
    return {"get": {"operationId": operation_id, "summary": summary, "tags": [tag], "responses": responses}}


def _json_answer(description: str, schema: JsonDict, example: JsonDict | None = None) -> JsonDict:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"description": description, "content": {"application/json": content}}
