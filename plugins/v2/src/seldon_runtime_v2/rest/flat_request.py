"""The flat JSON of a generate request as tensors and parameters.

Source: Triton's extension "Generate" (extension_generate.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime.protocols.depth import check_nesting
from seldon_runtime_v2.mapping.model import Declared, ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor, Parameter
from seldon_runtime_v2.rest.request_body import unusual
from seldon_runtime_v2.tensors.datatypes import DATATYPES, Datatype
from seldon_runtime_v2.tensors.json_values import from_values, seen
from seldon_runtime_v2.tensors.shapes import element_count

ID = "id"
PARAMETERS = "parameters"
_SCALARS = (str, bool, int, float)
_decoder = msgspec.json.Decoder()


def parse(body: bytes, limits: Limits) -> dict[str, Any]:
    """Return the members of the request.

    Raises:
        SeldonError: BAD_DATA when the body is not a JSON object, or nests too deeply.
    """
    check_nesting(body, limits.max_nesting)
    try:
        value = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = unusual(body)
    if not isinstance(value, dict):
        raise SeldonError(f"the request is {seen(value)}, expected a JSON object")
    return value


def split(
    model: ServedModel, fields: Mapping[str, Any], limits: Limits
) -> tuple[list[InputTensor], dict[str, Parameter], str | None]:
    """Return the inputs, the parameters and the request id of a flat request.

    A member is an input if the model declares one of its name. If the model declares none, every member is an
    input except ``id`` and ``parameters``.

    Raises:
        SeldonError: BAD_DATA for values of a wrong type.
    """
    inputs: list[InputTensor] = []
    parameters: dict[str, Parameter] = {}
    request_id: str | None = None
    for name, value in fields.items():
        if name in model.inputs:
            inputs.append(_declared_input(model.inputs[name], value, limits, as_bytes=model.has_infer))
        elif name == ID:
            request_id = _text(value)
        elif name == PARAMETERS:
            if not isinstance(value, dict):
                raise SeldonError(f"{PARAMETERS} is {seen(value)}, expected an object")
            parameters.update({key: _scalar(key, item) for key, item in value.items()})
        elif model.inputs:
            parameters[name] = _scalar(name, value)
        else:
            inputs.append(_inferred_input(name, value, limits, as_bytes=model.has_infer))
    return inputs, parameters, request_id


def _declared_input(declared: Declared, value: Any, limits: Limits, *, as_bytes: bool) -> InputTensor:
    """Return an input whose missing leading sizes are 1, so that a single value fits the shape [-1, 1]."""
    shape = _shape_of(value)
    if not declared.shape and not shape:
        return _input(declared.name, declared.datatype, [], [value], limits, as_bytes=as_bytes)
    data = value if shape else [value]
    shape = shape or [1]
    for _ in range(len(declared.shape) - len(shape)):
        shape, data = [1, *shape], [data]
    return _input(declared.name, declared.datatype, shape, data, limits, as_bytes=as_bytes)


def _inferred_input(name: str, value: Any, limits: Limits, *, as_bytes: bool) -> InputTensor:
    """Return an input with the datatype of its values: BYTES, BOOL, INT64 or FP64. A single one has [1]."""
    shape = _shape_of(value)
    data = value if shape else [value]
    datatype = DATATYPES[_datatype_name(name, data)]
    return _input(name, datatype, shape or [1], data, limits, as_bytes=as_bytes)


def _input(
    name: str, datatype: Datatype, shape: list[int], data: Any, limits: Limits, *, as_bytes: bool
) -> InputTensor:
    count = element_count(shape, name, limits)
    array = from_values(datatype, shape, count, data, name, as_bytes=as_bytes)
    return InputTensor(name, datatype, array)


def _shape_of(value: Any) -> list[int]:
    """Return the lengths of the first list at each depth; the conversion checks the others."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _datatype_name(name: str, data: list[Any]) -> str:
    kinds = {type(value) for value in _leaves(data)}
    if kinds == {str}:
        return "BYTES"
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        return "INT64"
    if kinds <= {int, float, type(None)}:
        return "FP64"
    found = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise SeldonError(
        f"the input {name!r:.80} has values of {found}, expected text only, truth values only, or numbers"
    )


def _leaves(data: list[Any]) -> Iterator[Any]:
    for value in data:
        if type(value) is list:
            yield from _leaves(value)
        else:
            yield value


def _scalar(name: str, value: Any) -> Parameter:
    if isinstance(value, _SCALARS):
        return value
    raise SeldonError(
        f"{name!r:.80} is {seen(value)}, which is not a parameter: expected a number, text or a truth value; "
        "the model declares no input of that name"
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise SeldonError(f"{ID} is {seen(value)}, expected text")
