"""Mutation of protobuf messages: fields are changed in place, so that the lengths around them stay right."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

from .mutation import as_bytes

Field = tuple[int, int, bytes]
"""Number, wire type (protobuf's "Encoding" page) and content."""

_SIZES = {1: 8, 5: 4}
_NUMBERS = [0, 1, 2, 127, 128, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
_DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.5, 1e308, 5e-324, float("nan"), float("inf"), 2.0**53]


def as_protobuf(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Fields of the message, or of those inside, are changed, moved, removed or taken from another one."""
    fields = _fields(data)
    if fields is None or random.random() < 0.1:
        return as_bytes(data, random, others)
    return _written(_changed(fields, random, others))


def _changed(fields: list[Field], random: Random, others: Sequence[bytes]) -> list[Field]:
    fields = list(fields)
    donors = _fields(random.choice(others)) or []
    place = random.randrange(len(fields) + 1)
    match random.randrange(10):
        case 0 if fields:
            del fields[place - 1]
        case 1 if fields:
            fields.insert(place, random.choice(fields))
        case 2 if donors:
            fields.insert(place, random.choice(donors))
        case 3:
            number = random.choice([*range(20), 2**29 - 1])
            fields.insert(place, (number, random.choice((0, 1, 2, 5)), random.randbytes(8)))
        case _ if fields:
            number, kind, content = fields[place - 1]
            if random.random() < 0.05:
                number = random.randrange(1, 10)
            fields[place - 1] = (number, kind, _content(kind, content, random, others))
    return fields


def _content(kind: int, content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    if kind == 0:
        return _varint(random.choice((*_NUMBERS, random.getrandbits(16))))
    if kind in _SIZES:
        return struct.pack("<d", random.choice(_DOUBLES)) if kind == 1 else random.randbytes(4)
    inner = _fields(content)
    if inner is not None and random.random() < 0.9:
        return _written(_changed(inner, random, others))
    return as_bytes(content, random, others)


def _fields(data: bytes) -> list[Field] | None:
    """The fields of a message; None when it is none."""
    fields: list[Field] = []
    position = 0
    try:
        while position < len(data):
            key, position = _read_varint(data, position)
            kind = key & 7
            if kind == 0:
                _, end = _read_varint(data, position)
            elif kind == 2:
                length, position = _read_varint(data, position)
                end = position + length
            else:
                end = position + _SIZES[kind]
            if end > len(data):
                return None
            fields.append((key >> 3, kind, data[position:end]))
            position = end
    except (IndexError, KeyError):
        return None
    return fields


def _written(fields: list[Field]) -> bytes:
    parts = []
    for number, kind, content in fields:
        parts.append(_varint(number << 3 | kind))
        if kind == 2:
            parts.append(_varint(len(content)))
        parts.append(content[: _SIZES.get(kind, len(content))])
    return b"".join(parts)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes((*written, number))


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        number |= (byte & 127) << shift
        position += 1
        shift += 7
        if byte < 128:
            return number, position
