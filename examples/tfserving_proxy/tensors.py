"""NumPy arrays to TensorFlow's tensors and back."""

import numpy as np
from messages import TensorProto

STRING = 7
TYPES = {1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "?", 17: "u2", 22: "u4", 23: "u8"}
VALUES = {"f4": "float_val", "f8": "double_val", "i8": "int64_val", "?": "bool_val"}  # others: int_val


def to_tensor(array):
    """A TensorProto with the values of an array of numbers, truth values or texts, of any shape."""
    array = np.asarray(array)
    shape = {"dim": [{"size": size} for size in array.shape]}
    if array.dtype.kind in "UO":
        return TensorProto(dtype=STRING, tensor_shape=shape, string_val=[str(v).encode() for v in array.flat])
    number = next((n for n, code in TYPES.items() if array.dtype == np.dtype(code)), None)
    if number is None:
        raise ValueError(f"TensorFlow Serving cannot be sent an array of {array.dtype}")
    content = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
    return TensorProto(dtype=number, tensor_shape=shape, tensor_content=content)


def to_array(tensor):
    """The values of a TensorProto. Where fewer are given than it has, the last one fills the rest."""
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype == STRING:
        values = np.array([text.decode() for text in tensor.string_val], dtype=object)
    elif tensor.dtype not in TYPES:
        raise ValueError(f"TensorFlow Serving answered a tensor of type {tensor.dtype}")
    elif tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, f"<{TYPES[tensor.dtype]}").reshape(shape)
    else:
        code = TYPES[tensor.dtype]
        values = np.array(getattr(tensor, VALUES.get(code, "int_val")), dtype=code)
    missing = int(np.prod(shape)) - len(values)
    if missing and len(values):
        values = np.concatenate([values, np.repeat(values[-1:], missing)])
    return values.reshape(shape)
