"""The tensors of a request as a neutral message for the component.

A class with ``infer`` receives all arrays by name, with BYTES as ``bytes``. A class with ``predict`` receives
one array, or columns, with BYTES as ``str`` as far as they are UTF-8: from every transport the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from seldon_runtime.plugin import (
    ARRAYS,
    NO_META,
    Kind,
    Message,
    Meta,
    Payload,
    SeldonError,
    as_single,
    is_column,
)
from seldon_runtime_v2.mapping.declared_inputs import check_inputs
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import BASE64, CONTENT_TYPE, DATETIME, InputTensor, Parameter
from seldon_runtime_v2.tensors.datatypes import TEXT
from seldon_runtime_v2.tensors.text import as_text, from_base64, from_dates

_TABLE = "pd"


def message_of(
    model: ServedModel,
    inputs: Sequence[InputTensor],
    parameters: Mapping[str, Parameter],
    request_id: str | None,
) -> Message:
    """Return the neutral request.

    Raises:
        SeldonError: BAD_DATA when the inputs do not fit each other, or the model's declaration.
    """
    if not inputs:
        raise SeldonError("the request has no inputs, expected at least one")
    if model.inputs:
        check_inputs(inputs, model.inputs)
    first = inputs[0]
    if (
        len(inputs) == 1
        and first.datatype.kind is not TEXT
        and not (parameters or first.parameters or model.v1_names)
    ):
        payload = Payload(ARRAYS, {first.name: first.array}, [])  # of most requests
    else:
        payload = _payload(model, inputs, parameters.get(CONTENT_TYPE))
    if not model.takes_arrays:
        payload = as_single(payload)
    if not request_id:
        return Message(payload, NO_META, {"tags": parameters or {}})
    return Message(payload, Meta(puid=request_id), {"puid": request_id, "tags": parameters or {}})


def _payload(model: ServedModel, inputs: Sequence[InputTensor], content_type: Parameter | None) -> Payload:
    arrays = {given.name: _array(model, given, content_type) for given in inputs}
    if len(arrays) < len(inputs):
        raise SeldonError("the request has two inputs of one name, expected a name of its own for each")
    if not model.has_infer and len(inputs) == 1:
        return _single(model, inputs[0], arrays, content_type)
    return Payload(ARRAYS, arrays)


def _array(model: ServedModel, given: InputTensor, content_type: Parameter | None) -> NDArray[Any]:
    array = given.array
    if given.datatype.kind is not TEXT:
        return array
    content_type = given.parameters.get(CONTENT_TYPE, content_type)
    if content_type == BASE64:
        return from_base64(array)
    if content_type == DATETIME:
        return from_dates(array, given.name)
    return array if model.has_infer else as_text(array)


def _single(
    model: ServedModel,
    given: InputTensor,
    arrays: Mapping[str, NDArray[Any]],
    content_type: Parameter | None,
) -> Payload:
    """Return the payload of the only input for a class that receives one array."""
    (array,) = arrays.values()
    kind = _v1_kind(model.v1_type) if array.size == 1 and given.datatype.kind is TEXT else None
    if kind is not None:
        (value,) = (as_text(array) if kind is Kind.STR else array).reshape(-1).tolist()
        return Payload(kind, value.encode() if kind is Kind.BINARY and isinstance(value, str) else value)
    if content_type == _TABLE and is_column(array):
        return Payload(ARRAYS, {given.name: array.reshape(-1, 1)}, [given.name])
    names = given.parameters.get("names")
    if isinstance(names, str):
        return Payload(ARRAYS, arrays, [name.strip() for name in names.split(",")])
    if model.v1_names and array.ndim > 1 and array.shape[1] == len(model.v1_names):
        return Payload(ARRAYS, arrays, list(model.v1_names))
    return Payload(ARRAYS, arrays, [])


def _v1_kind(messagetype: str) -> Kind | None:
    """Return the kind of a message type that is one text or one value of bytes; None for another."""
    if messagetype == "strData":
        return Kind.STR
    return Kind.BINARY if messagetype == "binData" or "/" in messagetype else None  # media types are binData
