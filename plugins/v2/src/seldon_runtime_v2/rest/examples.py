"""Example inputs of the served model: those that it declares, or those that its metadata and columns tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from seldon_runtime_rest.extension import json_value
from seldon_runtime_v2.mapping.model import Declared, ServedModel
from seldon_runtime_v2.tensors.datatypes import BOOL, DATATYPES, FLOAT, TEXT, Datatype

MOST_VALUES = 1000
"""A model with more values gets the general example: a long one would slow the page down."""
INPUT = "input-0"
_TEXT = "text"
_GENERAL = {"name": INPUT, "datatype": "FP64", "shape": [1, 2], "data": [1.0, 2.0]}
_DATATYPES: Mapping[type, str] = {str: "BYTES", bool: "BOOL", int: "INT64", float: "FP64"}
JsonDict = dict[str, Any]


def example_inputs(model: ServedModel, described: Sequence[Mapping[str, Any]]) -> list[JsonDict]:
    """Return the inputs of an example request.

    Args:
        model: the served model.
        described: its inputs in the form of v1's metadata; the first with a known type counts.
    """
    if model.inputs:
        found = [_declared(tensor) for tensor in model.inputs.values() if _size(tensor) <= MOST_VALUES]
        return found if len(found) == len(model.inputs) else [_GENERAL]
    return next(_of_v1(described), [_GENERAL])


def _declared(tensor: Declared) -> JsonDict:
    value = _value(tensor.datatype)
    return {
        "name": tensor.name,
        "datatype": tensor.datatype.name,
        "shape": _closed(tensor.shape),
        "data": [value] * _size(tensor),
    }


def _value(datatype: Datatype) -> Any:
    kind = datatype.kind
    return _TEXT if kind is TEXT else True if kind is BOOL else 1.0 if kind is FLOAT else 1


def _size(tensor: Declared) -> int:
    return prod(_closed(tensor.shape))


def _closed(shape: Sequence[int]) -> list[int]:
    return [1 if size < 0 else size for size in shape]


def _of_v1(described: Sequence[Mapping[str, Any]]) -> Iterator[list[JsonDict]]:
    for each in described:
        kind, schema = each.get("messagetype"), each.get("schema") or {}
        if kind in ("strData", "binData"):
            yield [{"name": INPUT, "datatype": "BYTES", "shape": [1], "data": [_TEXT]}]
        if kind == "jsonData" and (columns := _columns(json_value(schema))):
            yield columns
        if kind not in ("ndarray", "tensor"):
            continue
        names = schema.get("names")
        shape = _closed(schema.get("shape") or [len(names or [1, 2])])
        shape = shape if len(shape) > 1 else [1, *shape]
        if prod(shape) <= MOST_VALUES:
            parameters = {"parameters": {"names": ",".join(names)}} if names else {}
            datatype = DATATYPES[schema.get("datatype", "FP64")]
            data = [_value(datatype)] * prod(shape)
            yield [{"name": INPUT, "datatype": datatype.name, "shape": shape, "data": data, **parameters}]


def _columns(value: Any) -> list[JsonDict]:
    """Return a record, the first of a list of records, or a list of single values, as columns of one value.

    Nothing for another value, which V2 has no form for.
    """
    first = value[0] if isinstance(value, list) and value else value
    row = first if isinstance(first, Mapping) else {INPUT: first}
    if any(type(each) not in _DATATYPES for each in row.values()):
        return []
    return [
        {"name": name, "datatype": _DATATYPES[type(each)], "shape": [1], "data": [each]}
        for name, each in (row or {INPUT: 1.0}).items()
    ]
