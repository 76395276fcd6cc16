"""``tensorflow.TensorProto`` as NumPy arrays and back, by core's rules for protobuf in JSON form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from seldon_runtime.plugin import Limits
from seldon_runtime.protocols.v1.tensorproto import MAX_DIMENSIONS, decode_tensorproto, encode_tensorproto
from seldon_runtime_grpc.protos.tensor_pb2 import DataType

if TYPE_CHECKING:
    from seldon_runtime_grpc.protos.tensor_pb2 import TensorProto

_NOT_IN_JSON_FORM = frozenset({"dtype", "tensor_shape", "tensor_content", "string_val"})


def decode_tftensor(tensor: TensorProto, where: str, limits: Limits) -> NDArray[Any]:
    """Return the array, of the dtype and shape that the message names.

    Raises:
        SeldonError: BAD_DATA.
    """
    shape = tensor.tensor_shape
    sizes = shape.dim[: MAX_DIMENSIONS + 1]  # that one more is refused
    fields: dict[str, Any] = {
        "dtype": tensor.dtype,
        "tensorShape": {"dim": [{"size": dim.size} for dim in sizes], "unknownRank": shape.unknown_rank},
        "tensorContent": tensor.tensor_content,
        "stringVal": list(tensor.string_val),
    }
    for field, value in tensor.ListFields():
        if field.name not in _NOT_IN_JSON_FORM:
            fields[field.name] = list(value) if hasattr(value, "__len__") else value
    return decode_tensorproto(fields, where=where, max_values=limits.max_array_values)


def fill_tftensor(tensor: TensorProto, array: NDArray[Any]) -> None:
    """Write an array into a message.

    Raises:
        SeldonError: COMPONENT_FAILED for a dtype that TensorFlow does not have.
    """
    fields = encode_tensorproto(array, binary=True)
    number: Any = DataType.Value(fields["dtype"])
    tensor.dtype = number
    tensor.tensor_shape.SetInParent()
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = fields.get("tensorContent", b"")
    tensor.string_val.extend(fields.get("stringVal", ()))
