"""The JSON schemas of the Seldon v1 messages, as OpenAPI components.

Constants, not to be changed: :func:`seldon_runtime_rest.openapi.document` copies them.
Field names are those of the protocol's JSON mapping (``SeldonMessage``, ``Feedback``, ...).
"""

from __future__ import annotations

from typing import Any

from seldon_runtime.errors import ErrorCode

JsonDict = dict[str, Any]


def ref(schema: str) -> JsonDict:
    """A reference to the schema of that name in :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: JsonDict, description: str, **keywords: Any) -> JsonDict:
    return {"type": "object", "description": description, "properties": properties, **keywords}


def _map_of(values: JsonDict, description: str) -> JsonDict:
    return {"type": "object", "description": description, "additionalProperties": values}


_ANY: JsonDict = {"description": "Any JSON value."}
_TEXT: JsonDict = {"type": "string"}
_TEXTS: JsonDict = {"type": "array", "items": _TEXT}
_SHAPE: JsonDict = {"type": "array", "items": {"type": "integer"}}

_ARRAY: JsonDict = {"names": ["a", "b"], "ndarray": [[1.0, 2.0]]}

_PAYLOAD: JsonDict = {
    "Tensor": _object(
        {"shape": _SHAPE, "values": {"type": "array"}},
        "An array written flat, row by row. `shape` says how many values each dimension has;"
        " an answer without values may leave `values` out.",
    ),
    "TensorFlowTensor": _object(
        {"dtype": {"type": "string", "examples": ["DT_DOUBLE"]}, "tensorShape": {"type": "object"}},
        "The protobuf JSON of a TensorFlow `TensorProto`.",
    ),
    "Data": _object(
        {
            "names": {
                "type": ["array", "null"],
                "items": {"type": ["string", "number"]},
                "description": "Names of the columns: features in a request, classes in an answer.",
            },
            "tensor": ref("Tensor"),
            "ndarray": {"type": "array", "description": "The array as nested lists."},
            "tftensor": ref("TensorFlowTensor"),
        },
        "An array in one of three forms: `tensor`, `ndarray` or `tftensor`.",
        examples=[_ARRAY],
    ),
}

_META: JsonDict = {
    "Metric": _object(
        {
            "key": _TEXT,
            "type": {"enum": ["COUNTER", "GAUGE", "TIMER"]},
            "value": {"type": "number", "description": "A TIMER counts milliseconds."},
            "tags": _map_of(_TEXT, "Labels of the metric."),
        },
        "One custom metric of the component.",
        required=["key", "type", "value"],
    ),
    "Meta": _object(
        {
            "puid": {
                "type": ["string", "number"],
                "description": "Identifies the request; answered as sent.",
            },
            "tags": _map_of(_ANY, "Tags of the request and of the component."),
            "routing": _map_of({"type": "integer"}, "The branch that each router chose."),
            "requestPath": _map_of(_TEXT, "The image of each component that the request passed."),
            "metrics": {"type": "array", "items": ref("Metric")},
        },
        "What travels beside the payload.",
    ),
}

_MESSAGES: JsonDict = {
    "SeldonMessage": _object(
        {
            "data": ref("Data"),
            "jsonData": _ANY,
            "strData": _TEXT,
            "binData": {"type": "string", "contentEncoding": "base64"},
            "meta": ref("Meta"),
        },
        "One payload and its meta. Of several payloads the first counts, in the order"
        " `data`, `jsonData`, `strData`, `binData`.",
        examples=[{"data": _ARRAY, "meta": {}}],
    ),
    "SeldonMessageList": _object(
        {"seldonMessages": {"type": "array", "items": ref("SeldonMessage"), "minItems": 1}},
        "The messages to be combined into one. As a JSON body their list alone is taken too.",
        required=["seldonMessages"],
    ),
    "Feedback": _object(
        {
            "request": ref("SeldonMessage"),
            "response": ref("SeldonMessage"),
            "reward": {"type": "number"},
            "truth": ref("SeldonMessage"),
        },
        "The reward for an earlier answer. `response.meta.routing` says which branch it came from.",
        additionalProperties=False,
    ),
    "MultipartMessage": _object(
        {
            "data": ref("Data"),
            "jsonData": {"examples": [{}]},
            "strData": _TEXT,
            "binData": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"},
            "meta": {**ref("Meta"), "examples": [{}]},
        },
        "A `SeldonMessage` in parts. `binData` is a file, `strData` plain text, every other part is JSON."
        " Send one payload and leave the others out.",
    ),
}

_ANSWERS: JsonDict = {
    "AnswerMeta": _object(
        {
            "puid": _META["Meta"]["properties"]["puid"],
            "tags": _map_of(_ANY, "Of the request and of the component, whose own win."),
            "requestPath": _map_of(_ANY, "The image of each component that the request passed."),
            "metrics": {
                "type": "array",
                "items": {"type": "object", "examples": [{"key": "rows", "type": "COUNTER", "value": 1}]},
                "description": "Those of the request, and the component's own, each a `Metric`.",
            },
        },
        "What travels beside the answer. What stood in the request's meta is answered as it came, unchecked.",
    ),
    "Answer": _object(
        {**_MESSAGES["SeldonMessage"]["properties"], "meta": ref("AnswerMeta")},
        "One payload and its meta.",
        required=["meta"],
    ),
    "ScoredMessage": _object(
        {
            "meta": _object(
                {"tags": {"type": "object", "required": ["outlierScore"]}},
                "With the score.",
                required=["tags"],
            )
        },
        "The request as it came, with its score in `meta.tags.outlierScore`.",
        required=["meta"],
        examples=[{"data": _ARRAY, "meta": {"tags": {"outlierScore": [0.5]}}}],
    ),
}

_METADATA: JsonDict = {
    "MetadataTensor": _object(
        {
            "messagetype": {
                "enum": ["tensor", "ndarray", "tftensor", "jsonData", "strData", "binData", "customData"]
            },
            "schema": {"description": "For arrays `names` and `shape`; else what the component says of it."},
            "name": _TEXT,
            "datatype": {"type": "string", "examples": ["FP64"]},
            "shape": _SHAPE,
        },
        "One input or output: `messagetype` and `schema`, or `name`, `datatype` and `shape`.",
    ),
    "Metadata": _object(
        {
            "name": _TEXT,
            "versions": _TEXTS,
            "platform": _TEXT,
            "inputs": {"type": "array", "items": ref("MetadataTensor")},
            "outputs": {"type": "array", "items": ref("MetadataTensor")},
            "custom": _map_of(_TEXT, "Whatever else the component says of itself."),
        },
        "What the component says of itself.",
        required=["name", "versions", "platform", "inputs", "outputs", "custom"],
    ),
}

_ERRORS: JsonDict = {
    "Status": _object(
        {
            "code": {"type": "integer", "examples": [-1]},
            "info": {"type": "string", "description": "What was wrong, for people."},
            "reason": {
                "description": "What was wrong, for programs: a known reason or the component's own.",
                "anyOf": [{"enum": [code.value for code in ErrorCode]}, _TEXT],
            },
            "status": {"type": "integer", "description": "1 for a failure.", "examples": [1]},
        },
        "The cause of a failure.",
        required=["code", "info", "reason", "status"],
    ),
    "Error": _object({"status": ref("Status")}, "The body of every error.", required=["status"]),
}

SCHEMAS: JsonDict = {**_PAYLOAD, **_META, **_MESSAGES, **_ANSWERS, **_METADATA, **_ERRORS}
MULTIPART_SCHEMAS = {"SeldonMessage": "MultipartMessage"}
"""The schemas that look different in parts; the others have the same fields, each written as JSON."""
