"""Snapshots as bytes, compressed where that helps."""

from __future__ import annotations

import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.persistence.compression import (
    COMPRESS_ABOVE_BYTES,
    BadPacking,
    Packing,
    join,
    pack,
    unpack,
)
from seldon_runtime.persistence.snapshot import Snapshot

pieces = st.binary(max_size=50) | st.builds(
    lambda part, times: part * times, st.binary(min_size=1, max_size=50), st.integers(1, 3000)
)


@given(pieces, st.lists(pieces, max_size=5).map(tuple))
def test_what_is_packed_is_unpacked(pickle, buffers):
    snapshot = Snapshot(pickle, buffers)
    packing, packed = pack(snapshot)
    assert unpack(packing, join(packed)) == snapshot


@given(st.lists(pieces, max_size=5))
def test_joining_is_joining(parts):
    assert join(parts) == b"".join(parts)


def test_what_shrinks_is_compressed_and_what_does_not_is_left():
    shrinks = Snapshot(b"abc" * COMPRESS_ABOVE_BYTES, (b"abc" * COMPRESS_ABOVE_BYTES,))
    packing, packed = pack(shrinks)
    assert packing.coding == "zlib"
    assert len(join(packed)) < shrinks.size / 10
    noise = Snapshot(b"pickle", (os.urandom(COMPRESS_ABOVE_BYTES * 4),))
    packing, packed = pack(noise)
    assert packing.coding == "none"
    assert packed == noise.pieces


def test_what_is_small_is_left():
    assert pack(Snapshot(bytes(COMPRESS_ABOVE_BYTES)))[0].coding == "none"


@pytest.mark.parametrize(
    ("packing", "packed", "message"),
    [
        (Packing("none", 3, []), b"four", "it has 4 bytes, but its header says 3"),
        (
            Packing("zlib", 10, []),
            zlib.compress(bytes(10_000_000)),
            "it has 11 bytes, but its header says 10",
        ),
        (Packing("zlib", 10**12, []), zlib.compress(bytes(100)), "cannot expand to 1000000000000"),
        (Packing("zlib", 100, []), b"no zlib", "cannot be expanded"),
        (Packing("zlib", 100, []), zlib.compress(bytes(100))[:-1], "compressed data is cut short"),
    ],
)
def test_what_does_not_fit_is_refused(packing, packed, message):
    with pytest.raises(BadPacking, match=message):
        unpack(packing, memoryview(packed))
