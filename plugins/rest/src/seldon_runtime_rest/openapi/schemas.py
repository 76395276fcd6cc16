"""The JSON schemas of the Seldon v1 messages, as OpenAPI components.

Do not change the constants: :func:`seldon_runtime_rest.openapi.document.document` copies them.
Field names are those of the protocol's JSON mapping (``SeldonMessage``, ``Feedback``, ...).
"""

from __future__ import annotations

from typing import Any

from seldon_runtime.plugin import ErrorCode, Kind

JsonDict = dict[str, Any]


def ref(schema: str) -> JsonDict:
    """Return a reference to the schema of this name in :data:`SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: JsonDict, description: str, **keywords: Any) -> JsonDict:
    return {"type": "object", "description": description, "properties": properties, **keywords}


def _map_of(values: JsonDict, description: str) -> JsonDict:
    return {"type": "object", "description": description, "additionalProperties": values}


def _part(description: str) -> JsonDict:
    """Return a text part of a form: empty, which the documentation page does not send."""
    return {"type": "string", "description": description, "default": ""}


_ANY: JsonDict = {"description": "Any JSON value."}
_TEXT: JsonDict = {"type": "string"}
_TEXTS: JsonDict = {"type": "array", "items": _TEXT}
_SHAPE: JsonDict = {"type": "array", "items": {"type": "integer"}}

_ARRAY: JsonDict = {"names": ["a", "b"], "ndarray": [[1.0, 2.0]]}

_PAYLOAD: JsonDict = {
    "Tensor": _object(
        {"shape": _SHAPE, "values": {"type": "array"}},
        "An array as a flat list, row by row. `shape` holds the size of each dimension."
        " An answer without values may leave `values` out.",
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
            "value": {"type": "number", "description": "The value; of a TIMER, in milliseconds."},
            "tags": _map_of(_TEXT, "Labels of the metric."),
        },
        "One custom metric of the component.",
        required=["key", "type", "value"],
    ),
    "Meta": _object(
        {
            "puid": {
                "type": ["string", "number"],
                "description": "The id of the request; the answer repeats it.",
            },
            "tags": _map_of(_ANY, "Tags of the request and of the component."),
            "routing": _map_of({"type": "integer"}, "The branch that each router chose."),
            "requestPath": _map_of(_TEXT, "The image of each component that the request passed."),
            "metrics": {"type": "array", "items": ref("Metric")},
        },
        "Data about the request: its id, tags, path and metrics.",
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
        "One payload and its meta. If you send several payloads, the first of `data`, `jsonData`,"
        " `strData` and `binData` counts.",
        examples=[{"data": _ARRAY, "meta": {}}],
    ),
    "SeldonMessageList": _object(
        {"seldonMessages": {"type": "array", "items": ref("SeldonMessage"), "minItems": 1}},
        "The messages to combine into one. A JSON body may also be just their list.",
        required=["seldonMessages"],
    ),
    "Feedback": _object(
        {
            "request": ref("SeldonMessage"),
            "response": ref("SeldonMessage"),
            "reward": {"type": "number"},
            "truth": ref("SeldonMessage"),
        },
        "The reward for an earlier answer. `response.meta.routing` holds the branch that each router chose.",
        additionalProperties=False,
    ),
    "MultipartMessage": _object(
        {
            "data": _part("A `Data` as JSON text."),
            "jsonData": _part("Any JSON text."),
            "strData": _part("Plain text."),
            "binData": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"},
            "meta": _part("A `Meta` as JSON text."),
        },
        "A `SeldonMessage` as a multipart form. `binData` is a file, `strData` plain text; the other parts"
        " are JSON. Send one payload and leave the others out.",
    ),
}

_ANSWERS: JsonDict = {
    "AnswerMeta": _object(
        {
            "puid": _META["Meta"]["properties"]["puid"],
            "tags": _map_of(_ANY, "Tags of the request and of the component. The component's values win."),
            "requestPath": _map_of(_ANY, "The image of each component that the request passed."),
            "metrics": {
                "type": "array",
                "items": {"type": "object", "examples": [{"key": "rows", "type": "COUNTER", "value": 1}]},
                "description": "The metrics of the request and of the component, each a `Metric`.",
            },
        },
        "Data about the answer. The values of the request's meta are repeated unchanged and unchecked.",
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
                "The meta, with the score.",
                required=["tags"],
            )
        },
        "The unchanged request with its score in `meta.tags.outlierScore`.",
        required=["meta"],
        examples=[{"data": _ARRAY, "meta": {"tags": {"outlierScore": [0.5]}}}],
    ),
}

_METADATA: JsonDict = {
    "MetadataTensor": _object(
        {
            "messagetype": {
                "description": "A kind of payload, or a word of the component's own, such as a media type.",
                "anyOf": [
                    {"enum": [kind.value for kind in Kind]},
                    _TEXT,
                ],
            },
            "schema": {
                "description": "`names` and `shape` of an array; else the component's own description."
            },
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
            "custom": _map_of(_TEXT, "More facts about the component, as its author chose."),
        },
        "The component's description of itself.",
        required=["name", "versions", "platform", "inputs", "outputs", "custom"],
    ),
}

_ERRORS: JsonDict = {
    "Status": _object(
        {
            "code": {"type": "integer", "examples": [-1]},
            "info": {"type": "string", "description": "The message for people: it explains the failure."},
            "reason": {
                "description": "The code for programs: one of these, or the component's own.",
                "anyOf": [{"enum": [code.value for code in ErrorCode]}, _TEXT],
            },
            "status": {"type": "integer", "description": "1 for a failure.", "examples": [1]},
        },
        "The description of a failure.",
        required=["code", "info", "reason", "status"],
    ),
    "Error": _object({"status": ref("Status")}, "The body of every error.", required=["status"]),
}

SCHEMAS: JsonDict = {**_PAYLOAD, **_META, **_MESSAGES, **_ANSWERS, **_METADATA, **_ERRORS}
MULTIPART_SCHEMAS = {"SeldonMessage": "MultipartMessage"}
"""The schemas with a different form in a multipart request. In others, each part is a field, as JSON."""
