"""Arrays of 64-bit floats as protobuf bytes and back, all values at once.

``Tensor.values`` is a packed field: a plain little-endian array. A ``ListValue`` of
numbers is regular too: every number takes eleven bytes, three of which are always the
same, and rows of one length have one length in bytes. So both are NumPy arrays seen
through the right dtype, where protobuf's own classes would make an object of every value.
A few values are quicker with those.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime_grpc.protos.prediction_pb2 import Tensor
from seldon_runtime_grpc.v1 import wire

_TENSOR_VALUES_TAG = wire.head(Tensor.VALUES_FIELD_NUMBER, 0)[0]
# ListValue.values = 1; Value.number_value = 2, a 64-bit field; Value.list_value = 6.
LISTED_NUMBER = b"\x0a\x09\x11"
"""The bytes before each number of a serialized ``ListValue``."""
_NUMBER_HEAD = np.frombuffer(LISTED_NUMBER, np.uint8)
_NUMBER_BYTES = 11
_LIST_VALUES, _LIST_VALUE = 1, 6

FEW = 64
"""The largest tensor for which protobuf's own classes are quicker."""
FEW_LISTED_BYTES = 128
"""The largest serialized ``ListValue`` for which protobuf's own classes are quicker: ten numbers."""


def from_tensor(tensor: Tensor) -> NDArray[np.float64]:
    """Return the values of a tensor: one-dimensional, writable."""
    count = len(tensor.values)
    if count <= FEW:
        return np.fromiter(tensor.values, np.float64, count)
    if hasattr(tensor.values, "__array__"):  # protobuf 7
        return np.array(tensor.values, np.float64)
    return _from_bytes(tensor.SerializeToString(), count)


def _from_bytes(data: bytes, count: int) -> NDArray[np.float64]:
    tag, length, start = 0, 0, 0
    while tag != _TENSOR_VALUES_TAG:  # known fields stand in front, in the order of their numbers
        tag = data[start + length]
        length, start = wire.read_varint(data, start + length + 1)
    return np.frombuffer(data, "<f8", count, start).astype(np.float64)


def from_list(data: bytes) -> NDArray[np.float64] | None:
    """Return the array in a serialized ``ListValue``; None when it is ragged or holds other values."""
    rows = np.frombuffer(data, np.uint8).reshape(1, -1)
    shape: list[int] = []
    while length := rows.shape[1]:
        if not length % _NUMBER_BYTES and (rows[0, :3] == _NUMBER_HEAD).all():
            numbers = rows.reshape(-1, _NUMBER_BYTES)
            if (numbers[:, :3] != _NUMBER_HEAD).any():
                return None
            values = numbers[:, 3:].copy().view("<f8")
            return values.reshape(*shape, length // _NUMBER_BYTES).astype(np.float64, copy=False)
        row_head = _row_head(rows[0, :24].tobytes())
        if row_head is None or length % row_head[1]:
            return None
        first = len(row_head[0])
        shape.append(length // row_head[1])
        rows = rows.reshape(-1, row_head[1])
        if (rows[:, :first] != np.frombuffer(row_head[0], np.uint8)).any():
            return None
        rows = rows[:, first:]
    return np.empty((*shape, 0))


def _row_head(data: bytes) -> tuple[bytes, int] | None:
    """Return the tags and lengths before a list in a list, and the bytes of both together."""
    try:
        value_length, value_start = wire.read_varint(data, 1)
        body_length, body_start = wire.read_varint(data, value_start + 1)
    except IndexError:
        return None
    expected = wire.head(_LIST_VALUES, value_length) + wire.head(_LIST_VALUE, body_length)
    if data[:body_start] != expected or value_start + value_length != body_start + body_length:
        return None
    return expected, body_start + body_length


def list_parts(array: NDArray[Any]) -> list[wire.Part]:
    """Return a ``ListValue`` of the numbers of an array with at least one dimension."""
    block = np.empty((*array.shape, _NUMBER_BYTES), np.uint8)
    block[..., :3] = _NUMBER_HEAD
    block[..., 3:] = np.ascontiguousarray(array, "<f8")[..., np.newaxis].view(np.uint8)
    while block.ndim > 2:
        length = block.shape[-2] * block.shape[-1]
        inner = wire.head(_LIST_VALUE, length)
        row_head = wire.head(_LIST_VALUES, len(inner) + length) + inner
        rows = np.empty((*block.shape[:-2], len(row_head) + length), np.uint8)
        rows[..., : len(row_head)] = np.frombuffer(row_head, np.uint8)
        rows[..., len(row_head) :] = block.reshape(*block.shape[:-2], length)
        block = rows
    return [wire.flat(block)] if block.size else []
