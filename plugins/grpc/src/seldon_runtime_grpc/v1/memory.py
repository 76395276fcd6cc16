"""The memory that a message takes, measured on the wire: a walk over its fields makes no object.

A message of few fields is walked exactly. Where fields are many, the walk would take as long as parsing. So
the rest is bounded from above: each field that is an object begins with a tag of wire type 2.
Source: the page "Encoding" of the protobuf documentation.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from seldon_runtime_grpc.v1.numbers import LISTED_NUMBER
from seldon_runtime_grpc.v1.wire import read_varint

_MOST_STEPS = 20_000
"""Fields that are walked one by one: as many columns may have names."""
_DEEPEST = 100
"""Parsers of protobuf refuse deeper messages."""
_PIECE_BYTES = 64 * 1024
"""Counting a longer piece at once would keep other threads, such as that of health probes, from running."""
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_TAGS = bytes(tag for tag in range(256) if tag & 7 == _DELIMITED)

_OBJECT_BYTES = 96
"""A message, text or other object: protobuf's own, Python's view of it, and what decoding makes of it."""
_LARGE_OBJECTS = {"seldon.protos.Metric": 400, "seldon.protos.SeldonMessage": 160}
"""The same for messages that become larger objects."""
_LISTED_NUMBER_BYTES = 80
_NUMBER_BESIDE_TEXT_BYTES = 192
"""The most that an array of text spends on a number beside text."""
_TEXT_ARRAY_COPIES = 12
"""The most that an array of text spends on a byte of its values: four bytes make an empty text."""
_TEXT_TAG = b"\x1a"
"""Before a text in a Value."""
_BYTE_COPIES = 3
"""How often a byte of a text, of binary data or of a 64-bit number is there at the same time."""
_WIDE_COPIES = 6
"""The same for a text that is not ASCII: each of its characters may take up to four bytes."""
_SCALAR_BYTES = 36
"""A number in one byte: protobuf's, and Python's object of it in a list."""
_FLOAT32_COPIES = 14
"""How much a byte of a 32-bit or 64-bit number of a TensorProto takes: each number becomes a Python float."""

_CROWDED = frozenset({"google.protobuf.ListValue", "google.protobuf.Struct", "google.protobuf.Value"})
"""Messages that are nothing but many small ones."""
_LISTED = re.compile(re.escape(LISTED_NUMBER) + b".{8}", re.DOTALL)
_SMALL_SCALARS = frozenset(
    {
        *(FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT32),
        *(FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM),
    }
)


class _Field(NamedTuple):
    message: Descriptor | None
    """The type of a submessage."""
    object_bytes: int
    byte_copies: int
    is_text: bool = False


class _Shape(NamedTuple):
    """A message type, as far as its memory is concerned."""

    fields: dict[int, _Field]
    is_crowded: bool
    byte_copies: int
    """The most that a byte of any field takes, in it or in the messages in it."""
    object_bytes: int
    """The most that an object takes, in it or in the messages in it."""


def wire_memory(data: bytes, kind: Any) -> int:
    """Return an upper estimate of the bytes that parsing and decoding a message take, its bytes not included.

    Args:
        data: the serialized message; the estimate of an invalid one covers the part that a parser accepts.
        kind: the descriptor of its type.
    """
    return _Walk(data).message(0, len(data), _shape_of(kind), 0)


@cache
def _shape_of(kind: Descriptor) -> _Shape:
    fields = {field.number: _field_of(field) for field in kind.fields}
    inside = [_field_of(field) for message in _messages_in(kind) for field in message.fields]
    copies = max((field.byte_copies for field in inside), default=_BYTE_COPIES)
    objects = max((field.object_bytes for field in inside), default=_OBJECT_BYTES)
    return _Shape(fields, kind.full_name in _CROWDED, copies, objects)


def _messages_in(kind: Descriptor) -> list[Descriptor]:
    """Return the types of a message and of all messages in it."""
    found = [kind]
    for message in found:  # which grows meanwhile
        inner = [field.message_type for field in message.fields if field.message_type is not None]
        found += [each for each in dict.fromkeys(inner) if each not in found]
    return found


def _field_of(field: Any) -> _Field:
    if field.message_type is not None:
        object_bytes = _LARGE_OBJECTS.get(field.message_type.full_name, _OBJECT_BYTES)
        return _Field(field.message_type, object_bytes, _BYTE_COPIES)
    if field.type in _SMALL_SCALARS:
        is_repeated = field.default_value == []  # as every release of protobuf says it
        return _Field(None, 0, _SCALAR_BYTES if is_repeated else _BYTE_COPIES)
    is_number = field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE)
    if is_number and field.containing_type.full_name == "tensorflow.TensorProto":
        return _Field(None, 0, _FLOAT32_COPIES)
    is_text = field.type == FieldDescriptor.TYPE_STRING
    return _Field(None, 0 if is_number else _OBJECT_BYTES, _BYTE_COPIES, is_text)


_UNKNOWN = _Field(None, 0, _BYTE_COPIES)


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._steps = 0

    def message(self, start: int, end: int, shape: _Shape, depth: int) -> int:
        """Return the estimate of the fields between two places."""
        if shape.is_crowded or depth > _DEEPEST:
            return self._crowd(start, end, shape)
        memory = 0
        while start < end:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                return memory + self._crowd(start, end, shape)
            try:
                tag, behind = read_varint(self._data, start)
                length, behind = self._length(tag & 7, behind)
            except (IndexError, ValueError):
                return memory + self._crowd(start, end, shape)
            field = shape.fields.get(tag >> 3, _UNKNOWN)
            stop = min(behind + length, end)
            memory += field.object_bytes
            if field.message is not None and tag & 7 == _DELIMITED:
                memory += self.message(behind, stop, _shape_of(field.message), depth + 1)
            else:
                is_wide = field.is_text and not self._is_ascii(behind, stop)
                memory += (stop - start) * (_WIDE_COPIES if is_wide else field.byte_copies)
            start = behind + length
        return memory

    def _length(self, wire_type: int, start: int) -> tuple[int, int]:
        """Return the length of a field's content, and the place at which that begins."""
        if wire_type == _DELIMITED:
            return read_varint(self._data, start)
        if wire_type == _VARINT:
            return 0, read_varint(self._data, start)[1]
        if wire_type in _FIXED_BYTES:
            return _FIXED_BYTES[wire_type], start
        raise ValueError("a group")

    def _crowd(self, start: int, end: int, shape: _Shape) -> int:
        """Return the estimate of many small fields: of all objects that can be among so many bytes."""
        numbers = objects = others = 0
        has_text = False
        for first in range(start, end, _PIECE_BYTES):
            piece = self._data[first : min(first + _PIECE_BYTES, end)]
            if LISTED_NUMBER in piece:
                piece, count = _LISTED.subn(b"", piece)
                numbers += count
            objects += len(piece) - len(piece.translate(None, _TAGS))
            others += len(piece)
            has_text = has_text or _TEXT_TAG in piece
        per_object = max(shape.object_bytes, _OBJECT_BYTES)
        copies = shape.byte_copies if self._is_ascii(start, end) else max(shape.byte_copies, _WIDE_COPIES)
        text_array = numbers * _NUMBER_BESIDE_TEXT_BYTES + others * _TEXT_ARRAY_COPIES if has_text else 0
        return numbers * _LISTED_NUMBER_BYTES + objects * per_object + (end - start) * copies + text_array

    def _is_ascii(self, start: int, end: int) -> bool:
        pieces = range(start, end, _PIECE_BYTES)
        return all(self._data[first : min(first + _PIECE_BYTES, end)].isascii() for first in pieces)
