from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seldon_runtime_v2.grpc import varints
from seldon_runtime_v2.grpc.protos.inference_pb2 import InferTensorContents
from seldon_runtime_v2.grpc.varints import from_varints, to_varints

FIELDS = {"i4": "int_contents", "i8": "int64_contents", "u4": "uint_contents", "u8": "uint64_contents"}
NUMBERS = st.sampled_from(list(FIELDS)).flatmap(lambda kind: arrays(kind, st.integers(1, 100)))


def as_protobuf_writes(array):
    """The bytes of the packed field, behind its tag and length."""
    contents = InferTensorContents(**{FIELDS[array.dtype.str[1:]]: array.tolist()}).SerializeToString()
    return contents[2 if len(contents) < 130 else 3 :]


def read(data):
    return np.concatenate(list(from_varints(np.frombuffer(data, np.uint8))))


@given(NUMBERS)
def test_numbers_are_written_and_read_as_protobuf_does(array):
    written = as_protobuf_writes(array)
    assert b"".join(to_varints(array)) == written
    assert read(written).astype(array.dtype).tolist() == array.tolist()


def test_truth_values_take_a_byte_each():
    assert to_varints(np.array([True, False])) == [b"\1\0"]


def test_pieces_end_between_numbers(monkeypatch):
    monkeypatch.setattr(varints, "_PIECE", 11)
    array = np.array([1, -1, 300, -5, 2**40, 7] * 9)
    parts = to_varints(array)
    assert len(parts) == 5
    pieces = list(from_varints(np.frombuffer(b"".join(parts), np.uint8)))
    assert len(pieces) > 10
    assert np.concatenate(pieces).astype(np.int64).tolist() == array.tolist()


@pytest.mark.parametrize("data", [b"\x80", b"\1\xff", b"\x80" * 10 + b"\1", b"\x80" * 40_000])
def test_an_incomplete_or_too_long_number_is_refused(data):
    with pytest.raises(ValueError, match=r"incomplete|more than 10 bytes"):
        read(data)
