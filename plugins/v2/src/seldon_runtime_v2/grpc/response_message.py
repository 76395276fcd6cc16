"""The message of the answer to an inference; its data are copied once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime_grpc.protobuf import Part, head, nested
from seldon_runtime_v2.grpc.contents import contents_parts, flat_binary, has_contents
from seldon_runtime_v2.grpc.protos.inference_pb2 import InferParameter, ModelInferResponse
from seldon_runtime_v2.mapping.tensors import OutputTensor, Parameter

_OUTPUTS, _RAW_OUTPUT_CONTENTS = 5, 6
_INT64, _UINT64 = 1 << 63, 1 << 64


def response_parts(
    response: ModelInferResponse, outputs: Sequence[OutputTensor], *, is_raw: bool
) -> list[Part]:
    """Return the parts of the serialized answer.

    Args:
        response: the answer without outputs.
        outputs: the outputs in their order.
        is_raw: True for raw contents. If an output is FP16 or BF16, all are raw anyway.
    """
    is_raw = is_raw or not all(has_contents(output.datatype) for output in outputs)
    parts: list[Part] = [response.SerializeToString()]
    raw: list[Part] = []
    for output in outputs:
        described = ModelInferResponse.InferOutputTensor(
            name=output.name, datatype=output.datatype.name, shape=output.array.shape
        )
        if output.parameters:
            set_parameters(described.parameters, output.parameters)
        tensor: list[Part] = [described.SerializeToString()]
        if is_raw:
            data = flat_binary(output.array, output.datatype)
            raw += [head(_RAW_OUTPUT_CONTENTS, len(data)), data]
        else:
            tensor += contents_parts(output.array, output.datatype)
        parts += nested(_OUTPUTS, tensor)
    return parts + raw


def set_parameters(target: Any, parameters: Mapping[str, Parameter]) -> None:
    """Set the parameters of a message. Whole numbers beyond 64 bits become text."""
    for name, value in parameters.items():
        target[name].CopyFrom(_parameter(value))


def _parameter(value: Parameter) -> InferParameter:
    if isinstance(value, bool):
        return InferParameter(bool_param=value)
    if isinstance(value, float):
        return InferParameter(double_param=value)
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return InferParameter(int64_param=value)
        return InferParameter(uint64_param=value) if 0 <= value < _UINT64 else _parameter(str(value))
    return InferParameter(string_param=value)
