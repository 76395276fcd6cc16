"""An estimate of the memory that reading an inference request takes, made from its bytes."""

from __future__ import annotations

from seldon_runtime_grpc.protobuf import wire_memory
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.grpc.request_wire import split

_TIMES_NUMBERS = 9
"""A number of one byte becomes one of eight; pieces are converted beside it."""
_PIECES_BYTES = 2_000_000
"""The most that the conversion of a piece takes."""
_TIMES_BYTES = 40
"""BYTES of no byte each take four, and as ``bytes``, as ``str``, and in lists and arrays about 150."""
_TIMES_BF16 = 5
"""BF16 may become float32, by way of whole numbers of 32 bits."""


def request_memory(wire: bytes) -> int:
    """Return an upper estimate in bytes, the request itself not included."""
    kind = ModelInferRequest.DESCRIPTOR
    parts = split(wire)
    if parts is None:
        return wire_memory(wire, kind)
    raw = sum(place.size for place in parts.raw)
    if b"BYTES" in parts.message:
        raw *= _TIMES_BYTES
    elif b"BF16" in parts.message:
        raw *= _TIMES_BF16
    else:
        raw = 0  # arrays are views
    numbers = sum(found.place.size for found in parts.numbers.values()) * _TIMES_NUMBERS
    pieces = _PIECES_BYTES if numbers else 0
    return len(parts.message) + wire_memory(parts.message, kind) + raw + numbers + pieces
