"""The places of large data in a serialized request, so that they become arrays without a copy.

Protobuf's classes would copy raw contents twice, and make an object of every typed number. So the message is
parsed without them; the arrays are views of the request, or are made from its bytes at once.
Source: the page "Encoding" of the protobuf documentation.
"""

from __future__ import annotations

from typing import NamedTuple

from seldon_runtime_grpc.protobuf import head, read_varint

LARGE_BYTES = 1024
"""The least size of a request, or of typed contents in it, that is worth the search."""
_MOST_FIELDS = 10_000
_INPUTS, _RAW_INPUT_CONTENTS = 5, 7
"""Fields of ModelInferRequest."""
_CONTENTS = 5
"""The field of InferInputTensor."""
_BYTES_CONTENTS = 8
"""The field of InferTensorContents that holds bytes instead of numbers."""
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}


class Place(NamedTuple):
    """A place in the request."""

    start: int
    size: int


class Numbers(NamedTuple):
    """Typed contents: the packed numbers of one field."""

    field: int
    """The number of the field of InferTensorContents."""
    place: Place


class Parts(NamedTuple):
    """A request without its large data, and their places."""

    message: bytes
    """The serialized request without raw contents and without the contents in ``numbers``."""
    raw: list[Place]
    """The raw contents of every input, in the order of the inputs."""
    numbers: dict[int, Numbers]
    """Contents by the place of their input among the inputs."""


class _Field(NamedTuple):
    number: int
    start: int
    """The place of the tag."""
    content: int
    """The place of the content, behind tag and length."""
    end: int
    is_delimited: bool


def split(wire: bytes) -> Parts | None:
    """Return the parts of a request; None if protobuf's classes should read all of it.

    They read small, invalid and unusual requests, such as those with contents in several parts.
    """
    if len(wire) < LARGE_BYTES:
        return None
    fields = _fields(wire, 0, len(wire))
    if fields is None:
        return None
    pieces: list[bytes] = []
    raw: list[Place] = []
    numbers: dict[int, Numbers] = {}
    kept = inputs = 0
    for field in fields:
        if not field.is_delimited:
            continue
        if field.number == _RAW_INPUT_CONTENTS:
            pieces.append(wire[kept : field.start])
            raw.append(Place(field.content, field.end - field.content))
            kept = field.end
        elif field.number == _INPUTS:
            contents = _contents(wire, field)
            found = None if contents is None else _numbers(wire, contents)
            if contents is not None and found is not None:
                numbers[inputs] = found
                rest = wire[field.content : contents.start] + wire[contents.end : field.end]
                pieces += [wire[kept : field.start], head(_INPUTS, len(rest)), rest]
                kept = field.end
            inputs += 1
    pieces.append(wire[kept:])
    return Parts(b"".join(pieces), raw, numbers)


def raw_at_end(wire: bytes, size: int) -> bool:
    """Return whether the only raw contents of a request, of ``size`` bytes, are the last bytes of it."""
    fields = _fields(wire, 0, len(wire))
    if not fields:
        return False
    last, *others = reversed(fields)
    is_raw = last.number == _RAW_INPUT_CONTENTS and last.is_delimited and last.end - last.content == size
    return is_raw and all(field.number != _RAW_INPUT_CONTENTS for field in others)


def _fields(wire: bytes, start: int, end: int) -> list[_Field] | None:
    """Return the fields between two places; None if they are invalid, or very many."""
    fields: list[_Field] = []
    while start < end:
        try:
            tag, content = read_varint(wire, start)
            kind = tag & 7
            if kind == _DELIMITED:
                size, content = read_varint(wire, content)
                after = content + size
            elif kind == _VARINT:
                after = read_varint(wire, content)[1]
            elif kind in _FIXED_BYTES:
                after = content + _FIXED_BYTES[kind]
            else:
                return None
        except IndexError:
            return None
        if after > end or len(fields) >= _MOST_FIELDS:
            return None
        fields.append(_Field(tag >> 3, start, content, after, kind == _DELIMITED))
        start = after
    return fields


def _contents(wire: bytes, tensor: _Field) -> _Field | None:
    """Return the only contents of an input, if they are large."""
    if tensor.end - tensor.content < LARGE_BYTES:
        return None
    fields = _fields(wire, tensor.content, tensor.end) or ()
    found = [field for field in fields if field.number == _CONTENTS]
    if len(found) == 1 and found[0].is_delimited and found[0].end - found[0].content >= LARGE_BYTES:
        return found[0]
    return None


def _numbers(wire: bytes, contents: _Field) -> Numbers | None:
    """Return the packed numbers, if they are all that contents have."""
    try:
        tag, behind = read_varint(wire, contents.content)
        if tag & 7 != _DELIMITED or not 0 < tag >> 3 < _BYTES_CONTENTS:
            return None
        size, start = read_varint(wire, behind)
    except IndexError:  # protobuf's classes say what is wrong
        return None
    return Numbers(tag >> 3, Place(start, size)) if start + size == contents.end else None
