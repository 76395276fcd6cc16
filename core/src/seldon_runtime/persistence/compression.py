"""Conversion of a snapshot to bytes, compressed if that helps, and back.

The functions release the interpreter's lock while they process large data, so that calls go on.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from seldon_runtime.persistence.snapshot import Buffer, Snapshot

COMPRESS_ABOVE_BYTES = 16 * 1024
_SAMPLE_BYTES = 64 * 1024
_AT_ONCE_BYTES = 1024 * 1024
_MOST_EXPANSION = 1032  # the maximum of deflate


class BadPacking(Exception):
    """Bytes that do not match their packing. The message completes "the state is damaged: "."""


@dataclass(frozen=True, slots=True)
class Packing:
    """The description of a snapshot's bytes."""

    coding: str
    """``none`` or ``zlib``."""
    length: int
    """Uncompressed bytes of the pickle and all buffers."""
    buffers: list[int]
    """Bytes of each buffer; the buffers follow the pickle."""


def pack(snapshot: Snapshot) -> tuple[Packing, Sequence[Buffer]]:
    """Return a snapshot's bytes, in pieces.

    Above 16 KiB, zlib's fastest level compresses them, which every Python can read; but not if a sample
    hardly shrinks, as is typical of model weights.
    """
    pieces: Sequence[Buffer] = snapshot.pieces
    coding = "none"
    if snapshot.size > COMPRESS_ABOVE_BYTES and _shrinks(max(pieces, key=len)):
        coding, pieces = "zlib", _compressed(pieces)
    return Packing(coding, snapshot.size, [len(buffer) for buffer in snapshot.buffers]), pieces


def unpack(packing: Packing, packed: memoryview) -> Snapshot:
    """Return the snapshot. Uses only the memory that ``packing`` states, at most 1032 times ``packed``.

    Raises:
        BadPacking: the bytes do not match ``packing``.
    """
    payload = memoryview(_expanded(packed, packing.length) if packing.coding == "zlib" else packed)
    if len(payload) != packing.length:
        raise BadPacking(f"it has {len(payload)} bytes, but its header says {packing.length}")
    ends = [*accumulate(packing.buffers, initial=packing.length - sum(packing.buffers))]
    return Snapshot(payload[: ends[0]], tuple(payload[start:end] for start, end in pairwise(ends)))


def join(parts: Sequence[Buffer]) -> memoryview:
    """Concatenate the parts by NumPy, since ``b"".join`` would hold the interpreter's lock meanwhile."""
    joined = np.empty(sum(map(len, parts)), np.uint8)
    start = 0
    for part in parts:
        joined[start : start + len(part)] = np.frombuffer(part, np.uint8)
        start += len(part)
    return joined.data.toreadonly()


def _shrinks(piece: Buffer) -> bool:
    sample = piece[len(piece) // 2 :][:_SAMPLE_BYTES]
    return len(zlib.compress(sample, 1)) <= 0.9 * len(sample)


def _compressed(pieces: Sequence[Buffer]) -> list[bytes]:
    compressor = zlib.compressobj(1)
    packed = [
        compressor.compress(memoryview(piece)[start : start + _AT_ONCE_BYTES])
        for piece in pieces
        for start in range(0, len(piece), _AT_ONCE_BYTES)
    ]
    return [*packed, compressor.flush()]


def _expanded(packed: memoryview, length: int) -> bytes:
    if length > _MOST_EXPANSION * len(packed):
        raise BadPacking(f"{len(packed)} bytes cannot expand to {length}")
    expander = zlib.decompressobj()
    try:
        payload = expander.decompress(packed, length + 1)
    except zlib.error as error:
        raise BadPacking(f"it cannot be expanded ({error})") from None
    if len(payload) == length and not expander.eof:
        raise BadPacking("its compressed data is cut short")
    return payload
