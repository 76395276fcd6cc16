"""The little of protobuf's wire format that arrays need: varints and length-delimited fields.

Facts are those of the "Encoding" page of the protobuf documentation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Part: TypeAlias = bytes | memoryview
"""A piece of a message; pieces are copied once, when the message is put together."""

_LENGTH_DELIMITED = 2


def varint(number: int) -> bytes:
    """``number``, 0 or more, seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, start: int) -> tuple[int, int]:
    """The number at ``start``, and where the next thing begins."""
    number = shift = 0
    while True:
        byte = data[start]
        start += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, start
        shift += 7


def head(field: int, length: int) -> bytes:
    """What stands before a length-delimited field: a message, bytes, text or packed numbers."""
    return varint(field << 3 | _LENGTH_DELIMITED) + varint(length)


def nested(field: int, parts: Iterable[Part]) -> list[Part]:
    """The parts as one submessage in ``field``."""
    listed = list(parts)
    return [head(field, sum(len(part) for part in listed)), *listed]


def flat(array: NDArray[np.generic]) -> memoryview:
    """The array's bytes, row by row, without a copy. It must be contiguous."""
    return array.reshape(-1).view(np.uint8).data
