"""Example request bodies for a component, made from the inputs in its metadata.

An input is ``{"messagetype", "schema"}`` or ``{"name", "datatype", "shape"}``, as in the metadata of the
Seldon v1 protocol. Each input becomes one entry of an OpenAPI ``examples`` object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from seldon_runtime_rest.openapi.json_schemas import example_of, inlined

JsonDict = dict[str, Any]

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
"""A PNG file with one pixel, in base64."""
MAX_VALUES = 1000
"""An input with more values gets no example: nobody would read it, and it would slow the page down."""

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
    """Return an example ``SeldonMessage`` for each input; if no input has one, an example of each kind."""
    if columns := columns_of(inputs):
        row = [value_of(item["datatype"]) for item in columns]
        table = {"names": [item["name"] for item in columns], "ndarray": [row]}
        return {"columns": {"summary": "columns", "value": {"data": table}}}
    found = {_label(number, item): _message(item) for number, item in enumerate(inputs, start=1)}
    made = {label: {"summary": label, "value": message} for label, message in found.items() if message}
    return made or _ANY_COMPONENT


def columns_of(inputs: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return several inputs with datatypes, which are the columns of one array; else nothing."""
    is_table = 1 < len(inputs) <= MAX_VALUES and all(_is_column(item) for item in inputs)
    return inputs if is_table and len({item["name"] for item in inputs}) == len(inputs) else ()


def _is_column(item: Mapping[str, Any]) -> bool:
    shape = item.get("shape", ())
    return "datatype" in item and "name" in item and (len(shape) == 1 or list(shape[1:]) == [1])


def list_examples(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return examples of a ``SeldonMessageList``: each holds the same message twice."""
    return {
        label: {**example, "value": {"seldonMessages": [example["value"], example["value"]]}}
        for label, example in message_examples(inputs).items()
    }


def feedback_examples(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return examples of a ``Feedback``: each is a reward for one example message."""
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
        return {"jsonData": json_value(schema)}
    if kind == "image/png":
        return {"binData": _PIXEL}
    if kind in ("tensor", "ndarray"):
        value = value_of(schema.get("datatype", "FP64"))
        return _array(kind, schema.get("shape"), schema.get("names"), value)
    if kind is None and "datatype" in item:
        return _array("ndarray", item.get("shape"), None, value_of(item["datatype"]))
    return None  # tftensor needs TensorFlow, customData needs gRPC


def json_value(schema: Any) -> Any:
    """Return a value that fits a JSON schema; an empty object if the text is another description."""
    try:
        return example_of(inlined(schema))
    except (TypeError, ValueError, LookupError, AttributeError):  # as of {"minItems": "many"}
        return {}


def _array(
    kind: str, shape: Sequence[int] | None, names: Sequence[str] | None, value: Any
) -> JsonDict | None:
    """Return a ``data`` message of a shape; None when it has more than :data:`MAX_VALUES` values.

    A shape of one dimension describes one row, and so do names without a shape. An open dimension (-1)
    becomes 1.
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


def value_of(datatype: str) -> Any:
    """Return an example value of a V2 datatype (BOOL, INT8 to UINT64, FP16 to FP64, BYTES)."""
    if datatype == "BOOL":
        return True
    if datatype == "BYTES":
        return "text"
    return 1.0 if datatype.startswith("FP") else 1
