"""Packed whole numbers of protobuf as arrays and back, piece by piece, without an object of each number.

Source: the page "Encoding" of the protobuf documentation, "Base 128 Varints".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PIECE = 32 * 1024
"""Bytes, or numbers, that are converted at once: their temporary arrays take some hundred KiB."""
_MOST_BYTES = 10
_BITS = 7


def from_varints(data: NDArray[np.uint8]) -> Iterator[NDArray[np.uint64]]:
    """Yield the numbers, some thousand at a time.

    Raises:
        ValueError: the last number is incomplete, or one has more than ten bytes.
    """
    start = 0
    while start < data.size:
        piece = data[start : start + _PIECE]
        ends = np.flatnonzero(piece < 0x80)
        if not ends.size:
            raise ValueError("a number is incomplete")
        start += int(ends[-1]) + 1
        if ends.size == ends[-1] + 1:  # all have one byte
            yield piece[: ends.size].astype(np.uint64)
            continue
        starts = np.empty_like(ends)
        starts[0], starts[1:] = 0, ends[:-1] + 1
        sizes = ends - starts + 1
        most = int(sizes.max())
        if most > _MOST_BYTES:
            raise ValueError(f"a number has more than {_MOST_BYTES} bytes")
        numbers = (piece[starts] & 0x7F).astype(np.uint64)
        for place in range(1, most):
            longer = np.flatnonzero(sizes > place)
            bits = (piece[starts[longer] + place] & 0x7F).astype(np.uint64)
            numbers[longer] |= bits << np.uint64(_BITS * place)
        yield numbers


def to_varints(array: NDArray[Any]) -> list[bytes]:
    """Return the bytes of whole numbers or truth values, in parts; negative numbers take ten bytes each."""
    flat = array.reshape(-1)
    return [_written(flat[start : start + _PIECE]) for start in range(0, flat.size, _PIECE)]


def _written(array: NDArray[Any]) -> bytes:
    wide = array.astype(np.int64) if array.dtype.kind == "i" else array
    numbers = wide.astype(np.uint64)
    sizes = np.ones(numbers.size, np.int64)
    for place in range(1, _MOST_BYTES):
        longer = numbers >= np.uint64(1 << _BITS * place)
        if not longer.any():
            break
        sizes += longer
    ends = np.cumsum(sizes)
    starts = ends - sizes
    written = np.empty(int(ends[-1]), np.uint8)
    for place in range(int(sizes.max())):
        having = np.flatnonzero(sizes > place)
        bits = ((numbers[having] >> np.uint64(_BITS * place)) & np.uint64(0x7F)).astype(np.uint8)
        bits[sizes[having] > place + 1] |= 0x80
        written[starts[having] + place] = bits
    return written.tobytes()
