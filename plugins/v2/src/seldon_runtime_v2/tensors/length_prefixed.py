"""Elements of BYTES behind their lengths, many at a time: short texts without zero bytes, as most are.

The length of an element of 1 to 255 bytes is one byte and three zero bytes. If the elements have no zero
bytes, these runs of zeros show all places, and one ``split`` or ``join`` takes the place of a step for each
element.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEW = 16
"""Fewer elements take less time one by one."""
_LENGTH_BYTES = 4
_LONGEST = 255


def split_elements(data: bytes, count: int) -> list[bytes] | None:
    """Return the elements; None unless they are short, have no zero bytes and fill the data exactly."""
    marked = _marked(data, count)
    return None if marked is None else marked.split(bytes(_LENGTH_BYTES))[1:]


def split_texts(data: bytes, count: int) -> list[str] | None:
    """Return the elements as :func:`split_elements`, if they are UTF-8 too."""
    marked = _marked(data, count)
    if marked is None:
        return None
    try:
        return marked.decode().split("\0" * _LENGTH_BYTES)[1:]
    except UnicodeDecodeError:
        return None


def joined_texts(texts: Sequence[str]) -> bytes | None:
    """Return the texts in UTF-8 behind their lengths; None for other than short ones without zero bytes."""
    count = len(texts)
    if count < FEW:
        return None
    mark = "\0" * _LENGTH_BYTES
    data = bytearray((mark + mark.join(texts)).encode())
    signs = np.frombuffer(data, np.uint8)
    places = _runs(signs, _LENGTH_BYTES, count)
    if places is None:
        return None
    lengths = np.diff(places, append=len(data)) - _LENGTH_BYTES
    if lengths.max() > _LONGEST:
        return None
    signs[places] = lengths
    return bytes(data)


def _marked(data: bytes, count: int) -> bytes | None:
    """Return the data with four zero bytes before each element, in place of its length."""
    if count < FEW:
        return None
    signs = np.frombuffer(data, np.uint8)
    places = _runs(signs, _LENGTH_BYTES - 1, count)
    if places is None or places[0] != 1:
        return None
    starts = places - 1
    ends = starts + _LENGTH_BYTES + signs[starts]
    if ends[-1] != len(data) or not np.array_equal(ends[:-1], starts[1:]):
        return None
    marked = signs.copy()
    marked[starts] = 0
    return marked.tobytes()


def _runs(signs: NDArray[np.uint8], length: int, count: int) -> NDArray[np.intp] | None:
    """Return the places of runs of zeros of this length; None unless ``count`` such runs are all zeros."""
    zeros = np.flatnonzero(signs == 0)
    if len(zeros) != length * count:
        return None
    runs = zeros.reshape(count, length)
    if not (runs[:, -1] - runs[:, 0] == length - 1).all() or not (np.diff(runs[:, 0]) > length).all():
        return None
    places: NDArray[np.intp] = runs[:, 0]
    return places
