"""The size of a table in Arrow's IPC streaming format, read from the heads of its messages.

Buffers may be compressed, and dictionaries and nulls take next to nothing in the stream. So the sizes are
known before Arrow reads the stream. Sources: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
and the FlatBuffers schema ``Message.fbs``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from seldon_runtime.plugin import SeldonError

_CONTINUATION = 0xFFFFFFFF
_DICTIONARY, _RECORDS = 2, 3
"""The types of messages that have buffers (``MessageHeader``)."""
_HEAD_BYTES = 8
_VERSION = 4
"""V5 of the metadata. Earlier ones may compress buffers in ways that the heads of batches do not tell."""


class StreamSize(NamedTuple):
    """The bytes of all buffers, decompressed, and the values of all columns, nulls included."""

    buffer_bytes: int
    values: int


def stream_size(body: bytes) -> StreamSize:
    """Return the size of the table in a stream.

    Raises:
        SeldonError: BAD_DATA when the heads of its messages are not valid.
    """
    try:
        found = [_batch_size(body, *message) for message in _messages(body)]
    except (struct.error, IndexError) as error:
        raise SeldonError("the body is not valid Arrow: a message ends too early") from error
    return StreamSize(sum(size.buffer_bytes for size in found), sum(size.values for size in found))


def _messages(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield the place of the head of each message, and that of its buffers."""
    place = 0
    while place + _HEAD_BYTES <= len(body):
        mark, head_bytes = struct.unpack_from("<Ii", body, place)
        if mark != _CONTINUATION:
            raise SeldonError(
                f"the body has no Arrow message at byte {place}, expected the IPC streaming format"
            )
        if head_bytes == 0:
            return
        head = place + _HEAD_BYTES
        buffers = head + head_bytes
        table = _Table(body, head + _number(body, "<I", head))
        if table.number(0, "<h") != _VERSION:
            raise SeldonError(
                "the Arrow stream has an old version of the format, expected V5, of Arrow 1.0 on"
            )
        size = table.number(3, "<q")
        if head_bytes < 0 or size < 0 or buffers + size > len(body):
            raise SeldonError(f"the Arrow message at byte {place} ends behind the body")
        yield head, buffers
        place = buffers + size
    if place < len(body):
        raise SeldonError(f"the body has {len(body) - place} bytes behind its last Arrow message")


def _batch_size(body: bytes, head: int, buffers: int) -> StreamSize:
    message = _Table(body, head + _number(body, "<I", head))
    kind = message.number(1, "<B")
    if kind not in (_DICTIONARY, _RECORDS):
        return StreamSize(0, 0)
    batch = message.table(2)
    if kind == _DICTIONARY:
        batch = batch.table(1)
    rows = batch.number(0, "<q")
    if rows < 0:
        raise SeldonError(f"an Arrow message has {rows} rows")
    columns = batch.vector_length(1)
    sizes = batch.spans(2)
    is_packed = batch.has(3)
    size = sum(_unpacked(body, buffers + place, length) if is_packed else length for place, length in sizes)
    return StreamSize(size, rows * columns)


def _unpacked(body: bytes, place: int, length: int) -> int:
    """Return the size of a compressed buffer, which stands before it; -1 stands for one as it is."""
    if length == 0:
        return 0
    size: int = _number(body, "<q", place)
    return length if size < 0 else size


class _Table:
    """A table of FlatBuffers in untrusted bytes: every place is checked."""

    def __init__(self, body: bytes, place: int) -> None:
        self._body = body
        self._place = place
        self._fields = place - _number(body, "<i", place)
        self._fields_bytes = _number(body, "<H", self._fields)

    def has(self, field: int) -> bool:
        """Return whether a field is present."""
        return self._field(field) is not None

    def number(self, field: int, form: str) -> int:
        """Return the number in a field; 0 if it is absent."""
        place = self._field(field)
        return 0 if place is None else _number(self._body, form, place)

    def table(self, field: int) -> _Table:
        """Return the table to which a field points."""
        return _Table(self._body, self._target(field))

    def vector_length(self, field: int) -> int:
        """Return the number of items of a list; 0 if it is absent."""
        return _number(self._body, "<I", self._target(field)) if self.has(field) else 0

    def spans(self, field: int) -> list[tuple[int, int]]:
        """Return the places and lengths in a list of buffers."""
        if not self.has(field):
            return []
        target = self._target(field)
        count = _number(self._body, "<I", target)
        end = target + 4 + 16 * count
        if end > len(self._body):
            raise SeldonError("an Arrow message lists more buffers than it has")
        found = list(struct.iter_unpack("<qq", self._body[target + 4 : end]))
        if any(place < 0 or length < 0 for place, length in found):
            raise SeldonError("an Arrow message has a buffer of a negative size")
        return found

    def _target(self, field: int) -> int:
        place = self._field(field)
        if place is None:
            raise SeldonError("an Arrow message lacks its table")
        return place + _number(self._body, "<I", place)

    def _field(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._fields_bytes:
            return None
        offset = _number(self._body, "<H", self._fields + entry)
        return self._place + offset if offset else None


def _number(body: bytes, form: str, place: int) -> int:
    """Return a number; struct.error when it is not within the body."""
    if place < 0:
        raise IndexError(place)
    found: int = struct.unpack_from(form, body, place)[0]
    return found
