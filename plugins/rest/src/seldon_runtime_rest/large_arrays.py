"""An array of many numbers, read from its text straight into NumPy: no Python object for each number.

simdjson reads the numbers into one buffer, without their rows; those are found by the brackets and commas.
The array is taken out of the request, a mark stands in its place, and the rest is read as always. Whatever is
not exactly as expected, such as ragged rows, text among the numbers or whole numbers beyond 64 bits, is left
to the parser of all other requests, which also says what is wrong.
"""

from __future__ import annotations

import re
import secrets
from functools import cache
from math import prod
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError
from seldon_runtime.protocols.nesting import check_nesting
from seldon_runtime_rest.json_text import loads

LEAST_BYTES = 1024
"""Of a request that is worth it."""
_HEAD_BYTES = 64 * 1024
"""Where the array has to begin, so that a long text is not searched in vain."""
_MOST_DIMENSIONS = 8
_KEY = re.compile(rb'"(?:ndarray|values)"\s*:\s*(?=\[)')
_NO_FRAME = bytes(set(range(256)) - set(b"[],"))
_MARK = secrets.token_hex(16)
"""No request can hold it by chance or on purpose."""


def loads_with_array(text: bytes, max_nesting: int) -> dict[str, Any] | None:
    """A request whose ``data`` has its numbers as an array: C-contiguous, writable, int64 or float64.

    None when this lane cannot read it, or simdjson is not installed: then any parser of JSON has to.
    """
    simdjson, found = _simdjson(), _span(text)
    if simdjson is None or found is None:
        return None
    start, end = found
    shape = _shape(text[start:end].translate(None, _NO_FRAME))
    if not shape:
        return None
    rest = b'%b"%b"%b' % (text[:start], _MARK.encode(), text[end:])
    try:
        check_nesting(rest, max_nesting - len(shape))
        request: dict[str, Any] = loads(rest)
        holder, key = _place_of_mark(request)
        values = _numbers(simdjson, text, start, end)
    except (SeldonError, ValueError, TypeError, RuntimeError):
        return None
    if values.size != prod(shape):
        return None
    holder[key] = values.reshape(shape)
    return request


def _span(text: bytes) -> tuple[int, int] | None:
    """Where the first array begins and ends that may be the one of ``data``."""
    key = _KEY.search(text, 0, _HEAD_BYTES)
    # behind a backslash a quote may be part of a text: then this may be none of the request's keys
    if key is None or text.find(b"\\", 0, key.end()) >= 0:
        return None
    start = key.end()
    behind = [place for place in (text.find(b'"', start), text.find(b"}", start)) if place >= 0]
    end = text.rfind(b"]", start, min(behind, default=0)) + 1
    return (start, end) if end else None


def _shape(frame: bytes) -> tuple[int, ...]:
    """Of an array whose text is ``frame`` without its numbers; none when its rows differ."""
    dimensions = len(frame) - len(frame.lstrip(b"["))
    if dimensions > _MOST_DIMENSIONS:
        return ()
    block = b""
    sizes: tuple[int, ...] = ()
    for inner in range(1, dimensions + 1):
        start = dimensions - inner
        end = frame.find(b"]" * inner, start) + inner
        count = (end - start - 1) // (len(block) + 1)
        block = b"[%b]" % b",".join([block] * count)
        if frame[start:end] != block:
            return ()
        sizes = (count, *sizes)
    return sizes if block == frame else ()


def _numbers(simdjson: ModuleType, text: bytes, start: int, end: int) -> NDArray[Any]:
    """The numbers of the array that stands there in ``text``, and of those in it, in one row.

    Raises:
        ValueError, TypeError, RuntimeError: it is no JSON, holds something else, or numbers beyond 64 bits.
    """
    is_whole = all(text.find(sign, start, end) < 0 for sign in (b".", b"e", b"E"))
    numbers = memoryview(text)[start:end]
    array = simdjson.Parser().parse(numbers)  # a parser that is kept keeps memory for the largest text
    buffer = array.as_buffer(of_type="i" if is_whole else "d")
    return np.frombuffer(buffer, np.int64 if is_whole else np.float64).copy()


def _place_of_mark(request: Any) -> tuple[dict[str, Any], str]:
    """The object and key whose value it is. Raises ValueError if ``data`` does not have its numbers there."""
    data = request.get("data") if isinstance(request, dict) else None
    tensor = data.get("tensor") if isinstance(data, dict) else None
    for holder, key in ((data, "ndarray"), (tensor, "values")):
        if isinstance(holder, dict) and holder.get(key) == _MARK:
            return holder, key
    raise ValueError("it was another array")


@cache
def _simdjson() -> ModuleType | None:
    try:
        import simdjson  # only now: few requests are large
    except ImportError:  # there is none for every Python yet
        return None
    module: ModuleType = simdjson
    return module
