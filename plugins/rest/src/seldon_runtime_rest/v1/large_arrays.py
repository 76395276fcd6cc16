"""The fast reader of large arrays: from JSON text into NumPy, without lists of lists.

simdjson reads the numbers into flat buffers, and msgspec where simdjson has no wheel. Brackets and commas
give the shape. The parsers receive a long array in pieces: they need several times the text of a piece, and
other threads run in between. The rest of the request, with a mark in place of the array, goes
through the usual parser. The reader gives up on anything unusual, such as ragged rows, text among numbers,
whole numbers beyond 64 bits, or ones of which a float may lose digits. Then the usual parser reads the whole
request, and reports errors.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from math import prod
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError
from seldon_runtime.protocols.arrays import LARGEST_EXACT
from seldon_runtime.protocols.depth import check_nesting
from seldon_runtime.protocols.json_memory import json_memory
from seldon_runtime_rest.v1.json_text import loads

LEAST_BYTES = 1024
"""The least size of a request for which this reader is faster than the usual parser."""
_HEAD_BYTES = 64 * 1024
"""The array must begin within this many bytes, so that the reader does not search a long text in vain."""
_MOST_DIMENSIONS = 8
_PIECE_BYTES = 256 * 1024
_SMALL_PIECE_BYTES = 16 * 1024
"""The size of a piece that becomes Python objects, which may take sixteen times its text."""
_NO_ROWS = bytes.maketrans(b"[]", b"  ")
_VALUE_BYTES = 8
_FRAME_COPIES = 4
_MOST_TIMES = 8
"""A value and a comma take two bytes at least; as brackets only, each byte is copied some times."""
_KEY = re.compile(rb'"(?:ndarray|values)"\s*:\s*(?=\[)')
_FURTHER_ROW = re.compile(rb"\s*,\s*\[")
_LARGEST = float(LARGEST_EXACT)
_LONG_WHOLE = re.compile(rb"[\[,\s-]\d{16,}\s*[,\]]")
"""A whole number of as many digits as a float may lose."""
_NO_FRAME = bytes(set(range(256)) - set(b"[],"))
_UNUSUAL = (ValueError, TypeError, RuntimeError, OverflowError, msgspec.MsgspecError)
"""The errors of the parsers for something else than rows of numbers."""
_MARK = secrets.token_hex(16)
"""The text in place of the array. It is random: no request can hold it by chance or on purpose."""


def loads_with_array(text: bytes, max_nesting: int) -> dict[str, Any] | None:
    """Return a parsed request whose ``data`` holds its numbers as a NumPy array.

    The array is C-contiguous, writable, and of int64 or float64. Returns None if the request is not as this
    reader expects: then use the usual parser.
    """
    found = _span(text)
    if found is None:
        return None
    start, end = found
    shape = _shape(_frame(text, start, end))
    if not shape:
        return None
    rest = b'%b"%b"%b' % (text[:start], _MARK.encode(), text[end:])
    try:
        check_nesting(rest, max_nesting - len(shape))
        request: dict[str, Any] = loads(rest)
        holder, key = _place_of_mark(request)
        values = _numbers(text, start, end, prod(shape))
    except (SeldonError, *_UNUSUAL):
        return None
    holder[key] = values.reshape(shape)
    return request


def read_numbers(text: bytes) -> NDArray[Any] | None:
    """Return the array of a JSON text, flat or nested, that holds nothing but numbers.

    It is C-contiguous, writable, and of int64, uint64 or float64. Returns None for any other text, such as
    one with ragged rows, null or whole numbers beyond 64 bits: use the usual parser then.
    """
    text = text.strip()
    if not text.startswith(b"[") or b'"' in text or b"{" in text:
        return None
    shape = _shape(_frame(text, 0, len(text)))
    for is_unsigned in (False, True) if shape else ():
        try:
            return _numbers(text, 0, len(text), prod(shape), is_unsigned=is_unsigned).reshape(shape)
        except _UNUSUAL:
            continue
    return None


def numbers_memory(text: bytes, start: int, end: int) -> int:
    """Return an estimate of the bytes that :func:`read_numbers` takes for the array at this place."""
    frame_bytes = sum(len(piece) for piece in _frame_pieces(text, start, end))
    values = sum(piece.count(b",") for piece in _frame_pieces(text, start, end)) + 1
    return values * _VALUE_BYTES + frame_bytes * _FRAME_COPIES + _PIECE_BYTES


def may_have_array(text: bytes) -> bool:
    """Return whether :func:`loads_with_array` tries to read a request."""
    return _span(text) is not None


def array_memory(text: bytes, enough: int = 0) -> int | None:
    """Return an estimate of the bytes that :func:`loads_with_array` takes; None when it reads nothing.

    An array may still turn out to be unusual, which takes as much as any other JSON.

    Args:
        text: the request.
        enough: a coarse estimate suffices if it is not larger.
    """
    found = _span(text)
    if found is None:
        return None
    start, end = found
    if _FURTHER_ROW.match(text, end):  # a row of text, which it leaves to the usual parser
        return None
    rest = json_memory(text[:start] + text[end:])
    coarse = (end - start) * _MOST_TIMES + rest + _PIECE_BYTES
    if coarse <= enough:
        return coarse
    return numbers_memory(text, start, end) + rest


def _frame(text: bytes, start: int, end: int) -> bytes:
    """Return the brackets and commas of the array at this place."""
    return b"".join(_frame_pieces(text, start, end))


def _frame_pieces(text: bytes, start: int, end: int) -> Iterator[bytes]:
    for first in range(start, end, _PIECE_BYTES):
        yield text[first : min(first + _PIECE_BYTES, end)].translate(None, _NO_FRAME)


def _span(text: bytes) -> tuple[int, int] | None:
    """Return the start and end of the first array that may belong to ``data``; None without such an array."""
    key = _KEY.search(text, 0, _HEAD_BYTES)
    # After a backslash, a quote may be part of a string: then the match may not be a key at all.
    if key is None or text.find(b"\\", 0, key.end()) >= 0:
        return None
    start = key.end()
    behind = [place for place in (text.find(b'"', start), text.find(b"}", start)) if place >= 0]
    end = text.rfind(b"]", start, min(behind, default=0)) + 1
    return (start, end) if end else None


def _shape(frame: bytes) -> tuple[int, ...]:
    """Return the shape of an array from its brackets and commas; an empty shape when its rows differ."""
    dimensions = len(frame) - len(frame.lstrip(b"["))
    if dimensions > _MOST_DIMENSIONS:
        return ()
    block = b""
    sizes: tuple[int, ...] = ()
    for inner in range(1, dimensions + 1):
        start = dimensions - inner
        end = frame.find(b"]" * inner, start) + inner
        count = (end - start - 1) // (len(block) + 1)
        block = b"[%b%b]" % ((block + b",") * (count - 1), block)
        if frame[start:end] != block:
            return ()
        sizes = (count, *sizes)
    return sizes if block == frame else ()


def _numbers(text: bytes, start: int, end: int, count: int, *, is_unsigned: bool = False) -> NDArray[Any]:
    """Return the ``count`` numbers of the array at this place in ``text``, nested ones included, in one row.

    Raises:
        ValueError, TypeError, RuntimeError, OverflowError, msgspec.MsgspecError: the text is not valid JSON,
            or the array holds something else than numbers, another count of them, whole numbers beyond
            64 bits, or ones beside floats of which a float may lose digits.
    """
    is_whole = all(text.find(sign, start, end) < 0 for sign in (b".", b"e", b"E"))
    dtype = np.dtype(("u8" if is_unsigned else "i8") if is_whole else "f8")
    numbers = np.empty(count, dtype)
    read = _simdjson_reader(dtype)
    pieces: Iterable[bytes | memoryview]
    if read is None:
        pieces, read = _number_pieces(text, start, end, _SMALL_PIECE_BYTES), _msgspec_reader(dtype)
    elif end - start <= _PIECE_BYTES:
        pieces = [memoryview(text)[start:end]]  # simdjson flattens nested arrays itself
    else:
        pieces = _number_pieces(text, start, end, _PIECE_BYTES)
    filled = large = 0
    for piece in pieces:
        values = read(piece)
        numbers[filled : filled + values.size] = values  # raises ValueError for too many
        filled += values.size
        large += 0 if is_whole else int(np.count_nonzero(np.abs(values) >= _LARGEST))
    if filled != count:
        raise ValueError(f"the array has {filled} numbers, expected {count}")
    if large and _LONG_WHOLE.search(text, start, end):
        raise ValueError("a float may lose digits of a whole number")
    return numbers


def _number_pieces(text: bytes, start: int, end: int, size: int) -> Iterator[bytes]:
    """Yield flat arrays of some of the numbers, of which the array at this place consists."""
    while start < end:
        cut = text.rfind(b",", start, start + size) if start + size < end else end
        if cut < 0:
            raise ValueError("a number has more characters than any")
        yield b"[%b]" % text[start:cut].translate(_NO_ROWS)
        start = cut + 1


def _place_of_mark(request: Any) -> tuple[dict[str, Any], str]:
    """Return the object and the key that hold the mark; raise ValueError if the mark is not in ``data``."""
    data = request.get("data") if isinstance(request, dict) else None
    tensor = data.get("tensor") if isinstance(data, dict) else None
    for holder, key in ((data, "ndarray"), (tensor, "values")):
        if isinstance(holder, dict) and holder.get(key) == _MARK:
            return holder, key
    raise ValueError("the array does not belong to data")


_Reader = Callable[[bytes | memoryview], NDArray[Any]]


def _simdjson_reader(dtype: np.dtype[Any]) -> _Reader | None:
    """Return a function that reads a flat array of numbers; None where simdjson is not installed."""
    try:
        import simdjson  # imported late, since many services never get a large request
    except ImportError:  # simdjson is not available for every Python version
        return None
    parser: Any = simdjson.Parser()  # a parser that is kept keeps memory for the largest text
    code = {"i": "i", "u": "u", "f": "d"}[dtype.kind]
    return lambda piece: np.frombuffer(parser.parse(piece).as_buffer(of_type=code), dtype)


def _msgspec_reader(dtype: np.dtype[Any]) -> _Reader:
    """Return a function that reads a flat array of numbers by way of Python objects."""
    decode = _decoder(float if dtype.kind == "f" else int).decode

    def read(piece: bytes | memoryview) -> NDArray[Any]:
        values = decode(piece)
        return np.fromiter(values, dtype, len(values))

    return read


@cache
def _decoder(kind: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
