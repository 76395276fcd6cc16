"""The memory that parsed JSON takes, estimated from its text, without parsing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.protocols.text_arrays import text_array_memory

_PIECE_BYTES = 64 * 1024
"""Counting a longer piece at once would keep other threads, such as that of health probes, from running."""
_QUOTE, _COMMA, _COLON, _OPEN_LIST, _OPEN_DICT = b'",:[{'
_TO_CLOSE = 2
"""The distance from an opening bracket to the closing one in ASCII."""
_NO_BRACKET = np.uint8(~(_OPEN_DICT - _OPEN_LIST | _TO_CLOSE) & 255)
"""The bits in which the four brackets agree, counted from ``[``: that is 0, 2, 32 or 34."""
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
    total = _counts(text)
    containers, members, items = total.containers, total.members, total.items
    inside, strings = len(text) - total.outside, total.quotes
    scalars = max(0, total.outside - containers * 2 - members - items)
    quarters = _QUARTERS_OF_CHARACTER
    if not text.isascii() or (b"\\" in text and b"\\u" in text):  # a search for two bytes is slow
        quarters += _QUARTERS_OF_WIDE
    arrays = 0
    if makes_arrays and strings > 2 * members:  # some are values
        arrays = text_array_memory(items + 1, inside, total.longest, has_numbers=scalars > 0)
    return (
        arrays
        + total.empties * _EMPTY_BYTES
        + (containers - total.empties) * _CONTAINER_BYTES
        + members * _MEMBER_BYTES
        + (items + containers) * _ITEM_BYTES
        + max(0, strings // 2 - members) * _TEXT_BYTES
        + scalars // _SHORTEST_NUMBER * _NUMBER_BYTES
        + inside * quarters // 4
    )


def coarse_json_memory(text: bytes) -> int:
    """Return an estimate that is never below that of :func:`json_memory`, in a part of its time.

    It counts each sign, within strings too, and takes every value for one of an array of text.
    """
    openings = commas = colons = quotes = 0
    for start in range(0, len(text), _PIECE_BYTES):
        piece = np.frombuffer(text, np.uint8, min(_PIECE_BYTES, len(text) - start), start)
        openings += int(np.count_nonzero(piece == _OPEN_LIST) + np.count_nonzero(piece == _OPEN_DICT))
        commas += int(np.count_nonzero(piece == _COMMA))
        colons += int(np.count_nonzero(piece == _COLON))
        quotes += int(np.count_nonzero(piece == _QUOTE))
    return (
        text_array_memory(commas + 1, len(text), len(text), has_numbers=True)
        + openings * (_CONTAINER_BYTES + _ITEM_BYTES)
        + colons * _MEMBER_BYTES
        + commas * _ITEM_BYTES
        + quotes // 2 * _TEXT_BYTES
        + len(text) // _SHORTEST_NUMBER * _NUMBER_BYTES
        + len(text) * (_QUARTERS_OF_CHARACTER + _QUARTERS_OF_WIDE) // 4
    )


@dataclass(slots=True)
class _Counts:
    """The signs outside of strings, and the sizes of the parts of a text."""

    empties: int = 0
    """The containers without a member. Those on the border of two pieces do not count."""
    containers: int = 0
    members: int = 0
    items: int = 0
    quotes: int = 0
    outside: int = 0
    """The bytes outside of strings, without quotes."""
    longest: int = 0
    """The length of the longest string."""


def _counts(text: bytes) -> _Counts:
    total = _Counts()
    in_string, begun = False, 0
    for piece in _pieces(text):
        in_string, begun = _count(piece, total, in_string=in_string, begun=begun)
    return total


def _pieces(text: bytes) -> Iterator[bytes]:
    """Yield the text in pieces, without quotes that belong to a string."""
    start = 0
    while start < len(text):
        end = min(start + _PIECE_BYTES, len(text))
        while end < len(text) and text[end - 1 : end] == b"\\":  # what it escapes must not begin a piece
            end += 1
        piece = text[start:end]
        start = end
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        yield piece


def _count(piece: bytes, total: _Counts, *, in_string: bool, begun: int) -> tuple[bool, int]:
    """Add a piece to the counts.

    Args:
        piece: the bytes behind those that are counted.
        total: the counts.
        in_string: True if the piece begins in a string.
        begun: the bytes of that string before the piece.

    Returns:
        The same two for the next piece.
    """
    text = np.frombuffer(piece, np.uint8)
    is_sign = (text - _OPEN_LIST) & _NO_BRACKET == 0
    for sign in (_QUOTE, _COMMA, _COLON):
        is_sign |= text == sign
    places = np.flatnonzero(is_sign)
    signs = text[places]
    quotes = np.flatnonzero(signs == _QUOTE)
    begins = [-1] if in_string else []
    ends_in_string = (len(begins) + len(quotes)) % 2 == 1
    if _gaps(quotes, begins, [len(signs)] if ends_in_string else []).any():  # strings hold signs
        signs = signs * (np.logical_xor.accumulate(signs == _QUOTE) == in_string)
    openings = np.flatnonzero((signs == _OPEN_LIST) | (signs == _OPEN_DICT))
    total.containers += len(openings)
    openings = openings[openings < len(signs) - 1]
    is_next = places[openings + 1] - places[openings] == 1
    total.empties += int(np.count_nonzero(is_next & (signs[openings + 1] == signs[openings] + _TO_CLOSE)))
    total.members += int(np.count_nonzero(signs == _COLON))
    total.items += int(np.count_nonzero(signs == _COMMA))
    total.quotes += len(quotes)
    lengths = _gaps(places[quotes], begins, [len(piece)] if ends_in_string else [])
    total.outside += len(piece) - len(quotes) - int(lengths.sum())
    if not len(lengths):
        return False, 0
    lengths[0] += begun
    total.longest = max(total.longest, int(lengths.max()))
    return ends_in_string, int(lengths[-1]) if ends_in_string else 0


def _gaps(quotes: NDArray[np.intp], before: list[int], behind: list[int]) -> NDArray[np.intp]:
    """Return the distances between the quotes of each string, without the quotes themselves."""
    if before or behind:
        quotes = np.concatenate([np.array(before, np.intp), quotes, np.array(behind, np.intp)])
    gaps: NDArray[np.intp] = quotes[1::2] - quotes[::2] - 1
    return gaps
