"""Files of NumPy: arrays of every kind are read back, and no header takes more memory than its body."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.plugin import ARRAYS, NDARRAY, TENSOR, Columns, Kind, Limits, Payload
from seldon_runtime_rest.media.format import UnfitAnswer
from seldon_runtime_rest.media.npy import NpyArray

FORMAT = NpyArray()
dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.unicode_string_dtypes(endianness="?", min_len=1, max_len=4),
)
arrays = dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))


def saved(array, **options):
    file = BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def with_header(text, data=b""):
    header = text.encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@given(arrays, st.sampled_from([(1, 0), (2, 0), (3, 0)]), st.booleans())
def test_a_saved_array_is_read(array, version, is_fortran):
    array = np.asfortranarray(array) if is_fortran else array
    payload = FORMAT.read(saved(array, version=version), {}, Limits())
    assert payload.value.dtype == array.dtype.newbyteorder("=")
    assert payload.value.flags.writeable
    assert payload.value.flags.c_contiguous
    np.testing.assert_array_equal(payload.value, array)
    assert payload.kind is (TENSOR if array.dtype.kind in "iuf" else NDARRAY)


@given(arrays)
def test_a_written_array_is_loaded(array):
    native = array.astype(array.dtype.newbyteorder("="))
    loaded = np.load(BytesIO(FORMAT.write(Payload(NDARRAY, native))), allow_pickle=False)
    assert loaded.dtype == native.dtype
    np.testing.assert_array_equal(loaded, native)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "does not begin as a .npy file"),
        (b"\x93NUMPY\x09\x00", "has the version 9"),
        (b"\x93NUMPY\x01\x00\xff\xff{", "the header of the .npy body has 65535 bytes"),
        (with_header("{'descr': '<f8', 'fortran_order': False, }"), "no shape"),
        (with_header("{'descr': '<f8', 'shape': (1,), }"), "no fortran_order"),
        (with_header("{'fortran_order': False, 'shape': (1,), }"), "no simple descr"),
        (
            with_header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }"),
            "no simple descr",
        ),
        (with_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), r"values of '\|O'"),
        (with_header("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }"), "values of '<c16'"),
        (with_header("{'descr': '<U0', 'fortran_order': False, 'shape': (9,), }"), "values of '<U0'"),
        (with_header("{'descr': '<q9', 'fortran_order': False, 'shape': (1,), }"), "not valid"),
        (
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", b"12345678"),
            "has 8 bytes of values, .* takes 16",
        ),
        (
            with_header("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", b"\x02"),
            "neither 0 nor 1",
        ),
        (
            with_header("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", b"\xff\xff\xff\xff"),
            "Unicode does not have",
        ),
        (
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }" % ("9" * 30 + ",")),
            "too large",
        ),
        (
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os'),), }"),
            "no shape",
        ),
        (with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999), }"), "without values"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_callers_fault(body, message):
    with pytest.raises(SeldonError, match=message) as error:
        FORMAT.read(body, {}, Limits())
    assert error.value.code is ErrorCode.BAD_DATA


def test_a_large_shape_takes_no_memory():
    body = with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (19999999,), }", b"12345678")
    tracemalloc.start()
    try:
        with pytest.raises(SeldonError, match="takes 159999992"):
            FORMAT.read(body, {}, Limits())
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (Payload(Kind.JSON, [[1, 2.5]]), np.array([[1, 2.5]])),
        (Payload(Kind.JSON, 3), np.array(3)),
        (Payload(NDARRAY, ["a", "bc"]), np.array(["a", "bc"])),
        (Payload(NDARRAY, [True]), np.array([True])),
        (Payload(ARRAYS, Columns(a=np.array([1]), b=np.array([2.5])), ["a", "b"]), np.array([[1, 2.5]])),
    ],
)
def test_an_answer_becomes_an_array(payload, expected):
    loaded = np.load(BytesIO(FORMAT.write(payload)), allow_pickle=False)
    assert loaded.dtype == expected.dtype
    np.testing.assert_array_equal(loaded, expected)


@pytest.mark.parametrize(
    "payload",
    [
        Payload(Kind.STR, "x"),
        Payload(Kind.JSON, {"a": 1}),
        Payload(NDARRAY, [[1, "x"]]),
        Payload(NDARRAY, [[1], [1, 2]]),
        Payload(NDARRAY, [1, None]),
        Payload(NDARRAY, [True, 1]),
    ],
)
def test_an_answer_that_is_no_array_is_unfit(payload):
    with pytest.raises(UnfitAnswer):
        FORMAT.write(payload)


@pytest.mark.parametrize("value", [[[1, 2**64 - 1]], np.array([[1, 2**64 - 1]], object)])
def test_large_whole_numbers_keep_their_digits(value):
    loaded = np.load(BytesIO(FORMAT.write(Payload(NDARRAY, value, []))))
    assert (loaded.dtype, loaded.tolist()) == (np.uint64, [[1, 2**64 - 1]])


@pytest.mark.parametrize("value", [[[-1, 2**64 - 1]], [[0.5, 2**53 + 1]], [2**64], [-(2**63) - 1]])
def test_whole_numbers_without_a_common_type_are_unfit(value):
    with pytest.raises(UnfitAnswer, match="whole numbers that no type of NumPy holds"):
        FORMAT.write(Payload(NDARRAY, value, []))


def test_whole_numbers_that_a_float_holds_stand_beside_floats():
    loaded = np.load(BytesIO(FORMAT.write(Payload(NDARRAY, [0.5, 2**60], []))))
    assert loaded.tolist() == [0.5, 2.0**60]
