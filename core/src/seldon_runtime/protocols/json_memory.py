"""The memory that parsed JSON takes, estimated from its text, without parsing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seldon_runtime.protocols.text_arrays import text_array_memory

_PIECE_BYTES = 64 * 1024
"""Counting a longer piece at once would keep other threads, such as that of health probes, from running."""
_EMPTY_BYTES = 64
"""An empty list or dict, as the interpreter allocates it."""
_CONTAINER_BYTES = 104
"""A list with room for four values, or a small dict without its members."""
_MEMBER_BYTES = 128
"""A member of a dict: its key, and its place in a table that grows by doubling."""
_TEXT_BYTES = 64
"""A text, without its characters."""
_ITEM_BYTES = 17
"""The place of a value in its list, and in the array that is made of it."""
_NUMBER_BYTES = 32
_SHORTEST_NUMBER = 2
"""Characters of a number that is an object of its own: the interpreter has one object for 0, 1, 2 ..."""
_QUARTERS_OF_CHARACTER = 11
"""Quarters of the bytes that a character of a string takes: once in the text, once more between, and three
quarters in the bytes that base64 stands for."""
_QUARTERS_OF_WIDE = 9
"""The same beyond that, where one character of a text is outside of ASCII and all take up to four bytes."""


def json_memory(text: bytes, *, makes_arrays: bool = False) -> int:
    """Return an upper estimate of the bytes that parsing a JSON text takes, the text not included.

    Exact counts for valid JSON: brackets, commas and colons in strings do not count. For other texts the
    estimate may be too low, but parsers stop there.

    Args:
        text: the JSON text.
        makes_arrays: True if its values may become arrays of text.
    """
    empties = containers = members = items = strings = inside = outside = longest = 0
    for piece in _pieces(text):
        empties += piece.plain.count(b"[]") + piece.plain.count(b"{}")
        containers += piece.plain.count(b"[") + piece.plain.count(b"{")
        members += piece.plain.count(b":")
        items += piece.plain.count(b",")
        strings += piece.quotes
        outside += len(piece.plain)
        inside += piece.length - len(piece.plain)
        longest = max(longest, piece.longest)
    scalars = max(0, outside - containers * 2 - members - items)
    quarters = _QUARTERS_OF_CHARACTER
    if not text.isascii() or b"\\u" in text:
        quarters += _QUARTERS_OF_WIDE
    arrays = 0
    if makes_arrays and strings > 2 * members:  # some are values
        arrays = text_array_memory(items + 1, inside, longest, has_numbers=scalars > 0)
    return (
        arrays
        + empties * _EMPTY_BYTES
        + (containers - empties) * _CONTAINER_BYTES
        + members * _MEMBER_BYTES
        + (items + containers) * _ITEM_BYTES
        + max(0, strings // 2 - members) * _TEXT_BYTES
        + scalars // _SHORTEST_NUMBER * _NUMBER_BYTES
        + inside * quarters // 4
    )


class _Piece(NamedTuple):
    plain: bytes
    """The parts outside of strings."""
    quotes: int
    length: int
    longest: int
    """The length of the longest string, of which earlier pieces may hold the beginning."""


def _pieces(text: bytes) -> Iterator[_Piece]:
    in_string = False
    begun = 0  # the length of a string that the piece before did not end
    start = 0
    while start < len(text):
        end = min(start + _PIECE_BYTES, len(text))
        while end < len(text) and text[end - 1 : end] == b"\\":  # what it escapes must not begin a piece
            end += 1
        piece = text[start:end]
        start = end
        length = len(piece)
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        parts = piece.split(b'"')
        strings = [len(part) for part in parts[not in_string :: 2]]
        if in_string:
            strings[0] += begun
        yield _Piece(b"".join(parts[in_string::2]), len(parts) - 1, length, max(strings, default=0))
        if len(parts) % 2 == 0:
            in_string = not in_string
        begun = strings[-1] if in_string else 0
