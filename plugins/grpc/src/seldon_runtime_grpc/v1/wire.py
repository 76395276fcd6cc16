"""The part of protobuf's wire format that arrays need: varints and length-delimited fields.

Source: the page "Encoding" of the protobuf documentation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Part: TypeAlias = bytes | memoryview
"""A piece of a message; pieces are copied once, when the message is put together."""

_LENGTH_DELIMITED = 2
_MOST_BITS = 70
"""Ten bytes of seven bits. Reading many more would take time that grows with the square of their number."""


def varint(number: int) -> bytes:
    """Return ``number``, 0 or more, as a varint: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, start: int) -> tuple[int, int]:
    """Return the number at ``start``, and the position behind it.

    Raises:
        IndexError: the data end within the number, or it has more than ten bytes.
    """
    number = shift = 0
    while shift < _MOST_BITS:
        byte = data[start]
        start += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, start
        shift += 7
    raise IndexError("a varint has more than ten bytes")


def head(field: int, length: int) -> bytes:
    """Return the tag and length of a length-delimited field: a message, bytes, text or packed numbers."""
    return varint(field << 3 | _LENGTH_DELIMITED) + varint(length)


def nested(field: int, parts: Iterable[Part]) -> list[Part]:
    """Return the parts as one submessage in ``field``."""
    listed = list(parts)
    return [head(field, sum(len(part) for part in listed)), *listed]


def flat(array: NDArray[np.generic]) -> memoryview:
    """Return the bytes of a contiguous array, row by row, without a copy."""
    return array.reshape(-1).view(np.uint8).data
