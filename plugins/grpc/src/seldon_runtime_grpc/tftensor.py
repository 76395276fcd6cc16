"""``tensorflow.TensorProto`` to NumPy and back. The rules are core's, for protobuf in JSON form."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from seldon_runtime.limits import Limits
from seldon_runtime.protocols.tensorproto import decode_tensorproto, encode_tensorproto
from seldon_runtime_grpc.protos.tensor_pb2 import DataType

if TYPE_CHECKING:
    from seldon_runtime_grpc.protos.tensor_pb2 import TensorProto

_NOT_IN_JSON_FORM = frozenset({"dtype", "tensor_shape", "tensor_content", "string_val"})


def decode_tftensor(tensor: TensorProto, where: str, limits: Limits) -> NDArray[Any]:
    """The array, of the dtype and shape that the message names.

    Raises:
        SeldonError: BAD_DATA.
    """
    shape = tensor.tensor_shape
    fields: dict[str, Any] = {
        "dtype": tensor.dtype,
        "tensorShape": {"dim": [{"size": dim.size} for dim in shape.dim], "unknownRank": shape.unknown_rank},
        "tensorContent": _base64(tensor.tensor_content),
        "stringVal": [_base64(text) for text in tensor.string_val],
    }
    for field, value in tensor.ListFields():
        if field.name not in _NOT_IN_JSON_FORM:
            fields[field.name] = list(value) if hasattr(value, "__len__") else value
    return decode_tensorproto(fields, where=where, max_values=limits.max_array_values)


def fill_tftensor(tensor: TensorProto, array: NDArray[Any]) -> None:
    """Write an array.

    Raises:
        SeldonError: COMPONENT_FAILED, for a dtype that TensorFlow does not have.
    """
    fields = encode_tensorproto(array)
    number: Any = DataType.Value(fields["dtype"])
    tensor.dtype = number
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = base64.b64decode(fields.get("tensorContent", ""))
    tensor.string_val.extend(base64.b64decode(text) for text in fields.get("stringVal", ()))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
