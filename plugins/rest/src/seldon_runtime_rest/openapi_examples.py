"""Request bodies that this component can take, made from the inputs in its metadata.

An input is ``{"messagetype", "schema"}`` or ``{"name", "datatype", "shape"}``, as the
Seldon v1 metadata say. Each becomes one entry of an OpenAPI ``examples`` object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

JsonDict = dict[str, Any]

MAX_VALUES = 1000
"""No example is made for an input of more values: nobody reads it, and it would slow the page down."""

_ANY_COMPONENT: JsonDict = {
    "ndarray": {"summary": "nested lists", "value": {"data": {"ndarray": [[1.0, 2.0]]}}},
    "tensor": {
        "summary": "a flat array and its shape",
        "value": {"data": {"tensor": {"shape": [1, 2], "values": [1.0, 2.0]}}},
    },
    "jsonData": {"summary": "any JSON value", "value": {"jsonData": {"key": "value"}}},
    "strData": {"summary": "text", "value": {"strData": "text"}},
    "binData": {"summary": "bytes in base64", "value": {"binData": "AAEC"}},
}


def message_examples(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Examples of a ``SeldonMessage``: one for each of ``inputs``, or of every kind when none can be made."""
    found = {_label(number, item): _message(item) for number, item in enumerate(inputs, start=1)}
    made = {label: {"summary": label, "value": message} for label, message in found.items() if message}
    return made or _ANY_COMPONENT


def list_examples(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Examples of a ``SeldonMessageList``: the same message twice."""
    return {
        label: {**example, "value": {"seldonMessages": [example["value"], example["value"]]}}
        for label, example in message_examples(inputs).items()
    }


def feedback_examples(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Examples of a ``Feedback``: a reward for each of the messages."""
    return {
        label: {**example, "value": {"request": example["value"], "reward": 1.0}}
        for label, example in message_examples(inputs).items()
    }


def _label(number: int, item: Mapping[str, Any]) -> str:
    return f"input {number}: {item.get('name') or item.get('messagetype') or 'array'}"


def _message(item: Mapping[str, Any]) -> JsonDict | None:
    kind = item.get("messagetype")
    schema = item.get("schema") or {}
    if kind == "strData":
        return {"strData": "text"}
    if kind == "binData":
        return {"binData": "AAEC"}
    if kind == "jsonData":
        return {"jsonData": _json_value(schema)}
    if kind in ("tensor", "ndarray"):
        return _array(kind, schema.get("shape"), schema.get("names"), 1.0)
    if kind is None and "datatype" in item:
        return _array("ndarray", item.get("shape"), None, _value_of(item["datatype"]))
    return None  # tftensor needs TensorFlow, customData needs gRPC


def _json_value(schema: Any) -> Any:
    """The example that a JSON schema brings along, else an empty object."""
    if not isinstance(schema, Mapping):
        return {}
    examples = schema.get("examples")
    if isinstance(examples, Sequence) and examples:
        return examples[0]
    return schema.get("example", schema.get("default", {}))


def _array(
    kind: str, shape: Sequence[int] | None, names: Sequence[str] | None, value: Any
) -> JsonDict | None:
    """A ``data`` message of that shape; None when it is too large to show.

    A shape of one dimension, or names alone, describe one row; an open dimension (-1) becomes 1.
    """
    sizes = [size if size > 0 else 1 for size in shape or ([len(names)] if names else [2])]
    if len(sizes) == 1:
        sizes.insert(0, 1)
    if prod(sizes) > MAX_VALUES:
        return None
    array = {"shape": sizes, "values": [value] * prod(sizes)} if kind == "tensor" else _nested(sizes, value)
    return {"data": {"names": list(names), kind: array} if names else {kind: array}}


def _nested(sizes: Sequence[int], value: Any) -> Any:
    return [_nested(sizes[1:], value) for _ in range(sizes[0])] if sizes else value


def _value_of(datatype: str) -> Any:
    """A value of a V2 datatype (BOOL, INT8 ... UINT64, FP16 ... FP64, BYTES)."""
    if datatype == "BOOL":
        return True
    if datatype == "BYTES":
        return "text"
    return 1.0 if datatype.startswith("FP") else 1
