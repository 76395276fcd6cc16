"""Compressed bodies are unpacked, and bombs are refused before they take memory."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import ErrorCode, Limits, SeldonError
from seldon_runtime_rest.compression.requests import unpacked

KIB, MIB = 1024, 1024 * 1024


def refusal(body: bytes, limit: int = MIB) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        unpacked(body, Limits(max_body_bytes=limit).check_body)
    return caught.value


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=10), st.integers(0, 9), st.integers(0, 600))
def test_unpacking_is_the_reverse_of_packing(parts: list[bytes], level: int, padding: int) -> None:
    body = b"".join(gzip.compress(part, level) for part in parts) + bytes(padding)
    assert unpacked(body, Limits().check_body) == b"".join(parts)


@pytest.mark.parametrize("size", [64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 3 * MIB + 7])
@pytest.mark.parametrize("repeats", [True, False])
def test_a_content_of_any_size_is_whole(size: int, repeats: bool) -> None:
    content = bytes(size) if repeats else random.Random(1).randbytes(size)
    assert unpacked(gzip.compress(content), Limits().check_body) == content
    assert unpacked(gzip.compress(content), Limits(max_body_bytes=size).check_body) == content


def test_a_bomb_is_refused_without_its_memory() -> None:
    body = gzip.compress(bytes(200 * MIB), 9)
    tracemalloc.start()
    try:
        error = refusal(body, 100 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code is ErrorCode.TOO_LARGE
    assert peak < 2 * MIB


def test_a_bomb_of_many_members_is_refused() -> None:
    assert "gzip members" in refusal(gzip.compress(b"") * 1000).message
    assert refusal(gzip.compress(bytes(64 * KIB)) * 17).code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize("cut", [1, 5, 9, 12, -9, -8, -1])
def test_a_body_that_is_cut_off_is_refused(cut: int) -> None:
    error = refusal(gzip.compress(b"content" * 100)[:cut])
    assert error.code is ErrorCode.BAD_DATA
    assert "ends before its compressed data" in error.message


@pytest.mark.parametrize(
    "body",
    [b"{}", zlib.compress(b"{}"), gzip.compress(b"{}") + b"other data", gzip.compress(b"{}")[:-8] + bytes(8)],
    ids=["plain", "zlib", "trailing data", "wrong checksum"],
)
def test_what_is_not_gzip_is_refused(body: bytes) -> None:
    assert "is not valid gzip data" in refusal(body).message


@given(st.binary(max_size=2000), st.integers(0, 9), st.booleans())
def test_deflate_is_unpacked_with_and_without_its_frame(content: bytes, level: int, is_framed: bool) -> None:
    body = zlib.compress(content, level)
    assert unpacked(body if is_framed else body[2:-4], Limits().check_body, "deflate") == content


@pytest.mark.parametrize("body", [b"{}", zlib.compress(b"{}")[:-3], zlib.compress(b"x") + b"other data"])
def test_what_is_not_deflate_is_refused(body: bytes) -> None:
    with pytest.raises(SeldonError) as caught:
        unpacked(body, Limits().check_body, "deflate")
    assert caught.value.code is ErrorCode.BAD_DATA


def test_a_bomb_of_deflate_is_refused() -> None:
    with pytest.raises(SeldonError) as caught:
        unpacked(zlib.compress(bytes(MIB)), Limits(max_body_bytes=KIB).check_body, "deflate")
    assert caught.value.code is ErrorCode.TOO_LARGE
