from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.tensors.binary import from_binary, to_binary
from seldon_runtime_v2.tensors.datatypes import BYTES, DATATYPES, bf16

FIXED = [datatype for datatype in DATATYPES.values() if datatype is not BYTES]


def read(datatype, shape, data, start=0, size=None):
    count = int(np.prod(shape, dtype=object)) if shape else 1
    return from_binary(datatype, shape, count, data, start, len(data) - start if size is None else size, "x")


@st.composite
def tensors(draw):
    datatype = draw(st.sampled_from(FIXED))
    return datatype, draw(of_numpy.arrays(datatype.dtype, of_numpy.array_shapes(min_dims=0, min_side=0)))


@given(tensors(), st.binary(max_size=9))
def test_what_is_written_is_read_as_it_was_at_any_place_of_the_body(tensor, before):
    datatype, array = tensor
    data = bytes(to_binary(array, datatype))
    found = from_binary(datatype, array.shape, array.size, before + data + b"!", len(before), len(data), "x")
    assert (found.dtype, found.shape, found.tobytes()) == (datatype.dtype, array.shape, array.tobytes())


@given(st.lists(st.binary()))
def test_bytes_are_any_bytes(elements):
    array = np.empty(len(elements), object)
    array[:] = elements
    data = to_binary(array, BYTES)
    found = read(BYTES, [len(elements)], data)
    assert found.tolist() == elements
    assert found.dtype == object


def test_numbers_are_a_read_only_view_of_the_body():
    body = b"." + np.arange(4, dtype="<f4").tobytes()
    found = read(DATATYPES["FP32"], [2, 2], body, 1)
    assert not found.flags.writeable
    assert np.shares_memory(found, np.frombuffer(body, np.uint8))


def test_an_array_that_is_not_contiguous_is_written_row_by_row():
    array = np.arange(6, dtype=np.int32).reshape(2, 3).T
    assert bytes(to_binary(array, DATATYPES["INT32"])) == array.tobytes()


def test_bool_is_0_or_1():
    assert read(DATATYPES["BOOL"], [2], b"\0\1").tolist() == [False, True]
    with pytest.raises(SeldonError, match="a byte other than 0 and 1"):
        read(DATATYPES["BOOL"], [2], b"\1\2")


@pytest.mark.parametrize("has_ml_dtypes", [True, False])
def test_bf16_is_the_upper_half_of_a_float32(monkeypatch, has_ml_dtypes):
    if has_ml_dtypes:
        pytest.importorskip("ml_dtypes")
    else:
        monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    bf16.cache_clear()
    try:
        data = np.array([0x3F80, 0xBFC0, 0x7F80, 0x7FC0], "<u2").tobytes()
        found = read(bf16(), [4], data)
        assert found.astype(np.float32)[:3].tolist() == [1.0, -1.5, np.inf]
        assert np.isnan(found.astype(np.float32)[3])
        assert to_binary(found, bf16()) == data
    finally:
        bf16.cache_clear()


@given(st.lists(st.floats(width=32), min_size=1))
def test_a_float32_is_rounded_to_bf16_as_ml_dtypes_does(numbers):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.array(numbers, np.float32)
    with np.errstate(all="ignore"):
        wanted = array.astype(ml_dtypes.bfloat16).astype(np.float32)
    halves = np.frombuffer(to_binary(array, bf16()), "<u2").astype(np.uint32)
    np.testing.assert_array_equal((halves << 16).view(np.float32), wanted)


@pytest.mark.parametrize(
    ("name", "shape", "data"),
    [
        ("FP32", [2], b"1234567"),
        ("FP32", [2], b"123456789"),
        ("FP32", [0], b"1"),
        ("INT8", [2**62], b"12"),
        ("BYTES", [1], b""),
        ("BYTES", [1], b"\1\0"),
        ("BYTES", [1], b"\2\0\0\0a"),
        ("BYTES", [1], b"\xff\xff\xff\xffa"),
        ("BYTES", [1], b"\1\0\0\0ab"),
        ("BYTES", [1], b"\0\0\0\0\0\0\0\0"),
        ("BYTES", [2], b"\4\0\0\0aaaa"),
        ("BYTES", [2], b"\3\0\0\0aaa\0\0"),
        ("BYTES", [0], b"\0\0\0\0"),
    ],
)
def test_data_of_another_size_are_refused_before_memory_is_taken(name, shape, data):
    datatype = DATATYPES[name]
    with pytest.raises(SeldonError, match="the input 'x'"):
        read(datatype, shape, data)
