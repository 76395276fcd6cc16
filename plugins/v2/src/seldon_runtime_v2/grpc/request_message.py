"""The message of an inference request: its tensors as arrays, and its parameters.

Sources: Open Inference Protocol, inference_grpc.md, "Inference"; Triton's grpc_service.proto.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime_v2.grpc.contents import from_contents, from_numbers
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.grpc.request_wire import Numbers, split
from seldon_runtime_v2.mapping.tensors import InputTensor, Parameter
from seldon_runtime_v2.tensors.binary import from_binary
from seldon_runtime_v2.tensors.datatypes import DATATYPES, datatype_named
from seldon_runtime_v2.tensors.shapes import element_count

_RAW = "raw_input_contents"


@dataclass(slots=True)
class InferRequest:
    """A parsed request, whose large data are still in its bytes."""

    wire: bytes
    message: ModelInferRequest
    """Has neither the raw contents nor the contents in ``numbers``."""
    raw: list[tuple[bytes, int, int]]
    """The raw contents in their order: bytes, and start and size in them."""
    numbers: Mapping[int, Numbers]


def parse(wire: bytes) -> InferRequest:
    """Return the parsed request; its tensors are not checked yet.

    Raises:
        SeldonError: BAD_DATA for bytes that are not such a message.
    """
    parts = split(wire)
    if parts is None:
        message = _parsed(wire)
        return InferRequest(wire, message, [(data, 0, len(data)) for data in message.raw_input_contents], {})
    raw = [(wire, place.start, place.size) for place in parts.raw]
    return InferRequest(wire, _parsed(parts.message), raw, parts.numbers)


def inputs_of(request: InferRequest, limits: Limits) -> list[InputTensor]:
    """Return the inputs with their arrays. BYTES are arrays of objects of ``bytes``.

    Raises:
        SeldonError: BAD_DATA when the data do not fit datatype and shape, or are raw and typed.
    """
    raw = request.raw
    given = request.message.inputs
    if raw and len(raw) != len(given):
        raise SeldonError(
            f"the request has {len(raw)} {_RAW}, expected {len(given)}: one for each input, or none at all"
        )
    inputs = []
    for place, tensor in enumerate(given):
        name, shape = tensor.name, list(tensor.shape)
        datatype = DATATYPES.get(tensor.datatype) or datatype_named(
            tensor.datatype, f"the input {name!r:.80}"
        )
        count = element_count(shape, name, limits)
        numbers = request.numbers.get(place)
        if raw:
            if numbers is not None or tensor.contents.ListFields():
                raise SeldonError(f"the input {name!r:.80} has contents beside {_RAW}, expected one of them")
            array = from_binary(datatype, shape, count, *raw[place], name)
        elif numbers is not None:
            array = from_numbers(datatype, shape, count, request.wire, numbers, name)
        else:
            array = from_contents(datatype, shape, count, tensor.contents, name)
        inputs.append(InputTensor(name, datatype, array, parameters_of(tensor.parameters)))
    return inputs


def parameters_of(given: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return parameters with their values; without those that have none."""
    parameters: dict[str, Parameter] = {}
    for name, parameter in given.items():
        choice = parameter.WhichOneof("parameter_choice")
        if choice is not None:
            parameters[name] = getattr(parameter, choice)
    return parameters


def _parsed(wire: bytes) -> ModelInferRequest:
    try:
        return ModelInferRequest.FromString(wire)
    except DecodeError as error:
        raise SeldonError(f"the request is not a valid ModelInferRequest: {error}") from error
