"""The OpenAPI document of one component: its addresses, with their requests and their responses.

Addresses and HTTP methods come from :mod:`seldon_runtime_rest.v1.paths`. The document leaves out methods
that the component does not define, though the protocol has an answer for some of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from seldon_runtime.plugin import Method
from seldon_runtime_rest import health as probes
from seldon_runtime_rest.media.negotiation import METHODS
from seldon_runtime_rest.openapi.bodies import answer_bodies, request_bodies
from seldon_runtime_rest.openapi.contributed import operation_id, operations_of
from seldon_runtime_rest.openapi.errors import ERROR_RESPONSES, error_answers
from seldon_runtime_rest.openapi.examples import feedback_examples, list_examples, message_examples
from seldon_runtime_rest.openapi.json_schemas import inlined
from seldon_runtime_rest.openapi.schemas import MULTIPART_SCHEMAS, SCHEMAS, JsonDict, ref
from seldon_runtime_rest.route import HttpRoute
from seldon_runtime_rest.v1 import paths as v1


@dataclass(frozen=True, slots=True)
class Description:
    """The facts about the component that appear in its document.

    ``name``, ``versions``, ``platform`` and ``inputs`` come from the component's metadata and may be empty.
    ``metadata`` is the whole response of ``/metadata``, or None when it does not fit its schema.
    ``methods`` are the methods that the class ``class_name`` defines. ``has_v1`` is False when the v1
    protocol is not served.
    """

    name: str
    versions: Sequence[str]
    platform: str
    service_type: str
    class_name: str
    methods: frozenset[Method]
    metadata: Mapping[str, Any] | None = None
    inputs: Sequence[Mapping[str, Any]] = ()
    has_v1: bool = True


@dataclass(frozen=True, slots=True)
class _Call:
    """The description of calls to one method."""

    summary: str
    schema: str = "SeldonMessage"
    examples: Callable[[Sequence[Mapping[str, Any]]], JsonDict] = message_examples


_CALLS = {
    Method.PREDICT: _Call("Predict"),
    Method.TRANSFORM_INPUT: _Call("Transform a request"),
    Method.TRANSFORM_OUTPUT: _Call("Transform an answer"),
    Method.ROUTE: _Call("Choose a branch: the answer holds its number"),
    Method.AGGREGATE: _Call("Combine messages into one", "SeldonMessageList", list_examples),
    Method.SEND_FEEDBACK: _Call("Reward an earlier answer", "Feedback", feedback_examples),
}

_TYPED = METHODS - {Method.ROUTE}
"""The methods whose answers are the outputs of the metadata."""

_CALL_ERRORS = {
    "400": "BadRequest",
    "406": "NotAcceptable",
    "413": "TooLarge",
    "415": "UnsupportedMediaType",
    "500": "ComponentFailed",
    "503": "Unavailable",
    "504": "DeadlineExceeded",
    "default": "OtherError",
}


def document(description: Description, contributed: Sequence[HttpRoute] = ()) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document as plain JSON values. It is a new copy, which the caller may change.

    Args:
        description: the facts about the component.
        contributed: the routes of other plugins.
    """
    paths = {
        path: _call_path(path, method, verbs, description)
        for path, (method, verbs) in v1.CALLS.items()
        if description.has_v1 and method in description.methods
    }
    paths.update(_information_paths(description))
    tags: dict[str, None] = {}
    for route in contributed:
        if route.in_document:
            operations = operations_of(route)
            paths.setdefault(route.path_template, {}).update(operations)
            tags.update((tag, None) for each in operations.values() for tag in each["tags"])
    return deepcopy(
        {
            "openapi": "3.1.0",
            "info": _info(description),
            "servers": [{"url": "."}],
            "tags": [{"name": name} for name in dict.fromkeys(("component", *tags, "health", "about"))],
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
        "To try a call in `/docs`, open it, choose **Try it out**, then **Execute**.\n\n"
        "You can also send a message as `json` in the query or in a form; it then replaces a JSON body."
        " An unknown address answers 404 and a wrong HTTP method 405, with the same body as other errors.",
    }


def _call_path(path: str, method: Method, verbs: Sequence[str], description: Description) -> JsonDict:
    call = _CALLS[method]
    examples = call.examples(description.inputs)
    inputs: JsonDict = {
        "POST": {"requestBody": _request_body(method, call, examples, description.inputs)},
        "GET": {"parameters": [_query_parameter(call, examples)]},
    }
    return {
        verb.lower(): _operation(verb, path, method, description) | message
        for verb, message in inputs.items()
        if verb in verbs
    }


def _operation(verb: str, path: str, method: Method, description: Description) -> JsonDict:
    scores = method is Method.TRANSFORM_INPUT and description.service_type == "OUTLIER_DETECTOR"
    schema = ref("ScoredMessage" if scores else "Answer")
    if method in _TYPED and not scores:
        schema = _typed(schema, (description.metadata or {}).get("outputs") or ())
    answer = _json_answer("The answer.", schema)
    errors = _CALL_ERRORS
    if method in METHODS:
        answer["content"] |= answer_bodies()
    else:
        errors = {status: name for status, name in errors.items() if name != "NotAcceptable"}
    operation: JsonDict = {
        "operationId": operation_id(verb, path),
        "summary": _CALLS[method].summary,
        "tags": ["component"],
        "responses": {"200": answer} | error_answers(errors),
    }
    if scores:
        operation["description"] = "The answer is the request with its score in `meta.tags.outlierScore`."
    return operation


def _query_parameter(call: _Call, examples: JsonDict) -> JsonDict:
    texts = {label: {**example, "value": json.dumps(example["value"])} for label, example in examples.items()}
    return {"name": "json", "in": "query", "required": True, "schema": _json_text(call), "examples": texts}


def _request_body(
    method: Method, call: _Call, examples: JsonDict, inputs: Sequence[Mapping[str, Any]]
) -> JsonDict:
    text = {**_json_text(call), "examples": [json.dumps(example["value"]) for example in examples.values()]}
    form = {"type": "object", "properties": {"json": text}, "required": ["json"]}
    content = {
        "application/json": {"schema": _schema(call, inputs), "examples": examples},
        "application/x-www-form-urlencoded": {"schema": form},
        "multipart/form-data": {"schema": ref(MULTIPART_SCHEMAS.get(call.schema, call.schema))},
    }
    if method in METHODS:
        content |= request_bodies(inputs)
    return {"required": True, "content": content}


def _schema(call: _Call, inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return the schema of a request, with the schemas of the component's own JSON values."""
    return _typed(ref(call.schema), inputs) if call.schema == "SeldonMessage" else ref(call.schema)


def _typed(message: JsonDict, items: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return the schema of a message with those of the component's own JSON values, if it has some."""
    own = [inlined(item["schema"]) for item in items if _is_json(item)]
    return {"allOf": [message, {"properties": {"jsonData": {"anyOf": own}}}]} if own else message


def _is_json(item: Mapping[str, Any]) -> bool:
    schema = item.get("schema")
    return item.get("messagetype") == "jsonData" and isinstance(schema, Mapping) and "type" in inlined(schema)


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
    pong = {"description": "The server answers.", "content": {"text/plain": {"schema": {"const": "pong"}}}}
    ready = {
        "200": _json_answer("Ready for requests. `degraded` names the parts that fail.", _READY),
        "503": _json_answer("The component is still loading, or draining.", {"const": {"ready": False}}),
    }
    live = {
        "200": _json_answer("The process is alive.", {"const": {"live": True}}),
        "503": _json_answer("The component hangs: restart the process.", {"const": {"live": False}}),
    }
    started = {
        "200": _json_answer("The component is loaded.", {"const": {"started": True}}),
        "503": _json_answer("The component is still loading.", {"const": {"started": False}}),
    }
    openapi = _json_answer("OpenAPI 3.1.", {"type": "object"})
    return {
        probes.PING: _information(probes.PING, "health", "Check that the server answers", {"200": pong}),
        probes.LIVE: _information(probes.LIVE, "health", "Check that the process is alive", live),
        probes.READY: _information(probes.READY, "health", "Check that you can send requests", ready),
        probes.STARTUP: _information(probes.STARTUP, "health", "Check that the start is over", started),
        **(_v1_information(description) if description.has_v1 else {}),
        v1.OPENAPI: _information(v1.OPENAPI, "about", "This document", {"200": openapi}),
    }


def _v1_information(description: Description) -> JsonDict:
    failure = error_answers({"500": "ComponentFailed", "default": "OtherError"})
    unwell = error_answers({"503": "Unavailable", "504": "DeadlineExceeded"}) | failure
    healthy = {"strData": "healthy", "meta": {}}
    health = _json_answer("The result of the component's own health check.", ref("Answer"), healthy)
    metadata = _json_answer("The metadata.", ref("Metadata"), description.metadata)
    return {
        **{
            path: _information(path, "health", "Run the component's health check", {"200": health} | unwell)
            for path in v1.HEALTH_STATUS
        },
        **{
            path: _information(path, "about", "The component's metadata", {"200": metadata} | failure)
            for path in v1.METADATA
        },
    }


def _information(path: str, tag: str, summary: str, responses: JsonDict) -> JsonDict:
    name = operation_id("GET", path)
    return {"get": {"operationId": name, "summary": summary, "tags": [tag], "responses": responses}}


def _json_answer(description: str, schema: JsonDict, example: Mapping[str, Any] | None = None) -> JsonDict:
    content = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"description": description, "content": {"application/json": content}}
