"""The operations of V2 in the OpenAPI document, with the served model's tensors and examples to send."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.examples import example_inputs
from seldon_runtime_v2.rest.generate import GenerateEvents
from seldon_runtime_v2.tensors.datatypes import DATATYPES

TAG = "Open Inference Protocol"
"""The heading of these operations."""
JsonDict = dict[str, Any]
_JSON = "application/json"
_MODEL = "{model}"
_PARAMETERS: JsonDict = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
_INDEX: JsonDict = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {member: {"type": "string"} for member in ("name", "version", "state", "reason")},
        "required": ["name", "version", "state", "reason"],
    },
}


class Operations:
    """Makes the OpenAPI operation objects of the routes.

    Args:
        model: the served model.
        described: its inputs in the form of v1's metadata, for examples of a model that declares no tensors.
    """

    def __init__(self, model: ServedModel, described: Sequence[Mapping[str, Any]]) -> None:
        self._model = model
        self._inputs = example_inputs(model, described)

    def of(self, path: str) -> JsonDict:
        """Return the operation of the route at a path."""
        name = path.rpartition("/")[2]
        content: JsonDict = {"schema": {"type": "object"}}
        operation: JsonDict = {"tags": [TAG]}
        if _MODEL in path:
            of_model = {"type": "string", "default": self._model.name}
            operation["parameters"] = [{"name": "model", "in": "path", "required": True, "schema": of_model}]
        media_type = _JSON
        if name == "infer":
            operation["requestBody"] = _body(self._request(), {"inputs": self._inputs})
            content = {"schema": _response(self._tensors("outputs"))}
        elif name in ("generate", "generate_stream"):
            flat = {name: value for each in self._inputs for name, value in _members(each).items()}
            operation["requestBody"] = _body({"type": "object"}, flat)
            media_type = _JSON if name == "generate" else GenerateEvents.media_type
            content = {} if name == "generate_stream" else content
        elif path.startswith("/v2/repository/"):
            request = {"ready": {"type": "boolean"}} if name == "index" else {"parameters": _PARAMETERS}
            operation["requestBody"] = _body({"type": "object", "properties": request}, {})
            content = {"schema": _INDEX} if name == "index" else content
        answer = {"description": "The answer.", "content": {media_type: content}}
        refused = {**_ERROR, "description": "Always: this process serves one model."}
        usual = {"503": refused} if name == "unload" else {"200": answer}
        operation["responses"] = {**usual, "default": _ERROR}
        return operation

    def _request(self) -> JsonDict:
        return {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "parameters": _PARAMETERS,
                "inputs": self._tensors("inputs"),
                "outputs": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "parameters": _PARAMETERS},
                        "required": ["name"],
                    },
                },
            },
            "required": ["inputs"],
        }

    def _tensors(self, which: str) -> JsonDict:
        """Return the schema of the inputs or outputs; with the declared tensors, if the model has them."""
        declared = self._model.inputs if which == "inputs" else self._model.outputs
        names: JsonDict = {"type": "string"}
        datatypes: JsonDict = {"type": "string", "enum": [*DATATYPES, "BF16"]}
        schema: JsonDict = {"type": "array"}
        if declared:
            names["enum"] = list(declared)
            datatypes["enum"] = sorted({tensor.datatype.name for tensor in declared.values()})
            shapes = {name: list(tensor.shape) for name, tensor in declared.items()}
            schema["description"] = f"Shapes, with -1 for a size that varies: `{json.dumps(shapes)}`"
        schema["items"] = {
            "type": "object",
            "properties": {
                "name": names,
                "datatype": datatypes,
                "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "data": {"type": "array"},
                "parameters": _PARAMETERS,
            },
            "required": ["name", "datatype", "shape"],
        }
        return schema


_ERROR: JsonDict = {
    "description": "An error: status 400 for a wrong request, 404 for another model, 500 for a failure.",
    "content": {
        _JSON: {
            "schema": {
                "type": "object",
                "properties": {"error": {"type": "string"}},
                "required": ["error"],
            },
            "example": {"error": "the request has no inputs, expected at least one"},
        }
    },
}


def _body(schema: JsonDict, example: JsonDict) -> JsonDict:
    return {"content": {_JSON: {"schema": schema, "example": example}}}


def _response(outputs: JsonDict) -> JsonDict:
    return {
        "type": "object",
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "parameters": _PARAMETERS,
            "outputs": outputs,
        },
        "required": ["model_name", "outputs"],
    }


def _members(tensor: Mapping[str, Any]) -> JsonDict:
    """Return an example tensor in flat JSON: nested as its shape is, or a member for each named column."""
    data = tensor["data"]
    names = tensor.get("parameters", {}).get("names")
    if names:
        return dict(zip(names.split(","), data, strict=False))
    for size in reversed(tensor["shape"][1:]):
        data = [data[start : start + size] for start in range(0, len(data), size)]
    return {tensor["name"]: data[0] if tensor["shape"] in ([], [1]) else data}
