from __future__ import annotations

import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.extension import read_numbers
from seldon_runtime_v2.tensors.datatypes import BYTES, DATATYPES, FLOAT, WHOLE, datatype_named
from seldon_runtime_v2.tensors.json_values import from_numbers, from_values

NUMBERS = [datatype for datatype in DATATYPES.values() if datatype.kind in (FLOAT, WHOLE)]


def made(name, data, shape=None, as_bytes=False):
    datatype = datatype_named(name, "x")
    shape = [len(data)] if shape is None else shape
    return from_values(datatype, shape, math.prod(shape), data, "x", as_bytes=as_bytes)


@st.composite
def tensors(draw):
    datatype = draw(st.sampled_from(NUMBERS))
    shape = draw(of_numpy.array_shapes(min_dims=1, max_dims=3, max_side=4))
    elements = None
    if datatype.kind is FLOAT:
        elements = st.floats(width=8 * datatype.item_bytes, allow_nan=False, allow_infinity=False)
    return datatype, draw(of_numpy.arrays(datatype.dtype, shape, elements=elements))


@given(tensors(), st.booleans())
def test_what_json_writes_is_read_as_it_was(tensor, is_nested):
    datatype, array = tensor
    data = array.tolist() if is_nested else array.reshape(-1).tolist()
    read = from_values(datatype, list(array.shape), array.size, data, "x", as_bytes=False)
    assert read.dtype == datatype.dtype
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()


@given(tensors(), st.booleans())
def test_the_reader_of_large_arrays_reads_the_same(tensor, is_nested):
    datatype, array = tensor
    text = orjson.dumps(array.tolist() if is_nested else array.reshape(-1).tolist())
    numbers = read_numbers(text)
    assert numbers is not None
    read = from_numbers(datatype, list(array.shape), array.size, numbers, "x")
    assert read.dtype == datatype.dtype
    np.testing.assert_array_equal(read, array)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.booleans())
def test_text_is_str_or_bytes(texts, as_bytes):
    read = made("BYTES", texts, as_bytes=as_bytes)
    assert read.tolist() == ([text.encode() for text in texts] if as_bytes else texts)


@pytest.mark.parametrize(
    ("name", "low", "high"), [(each.name, each.low, each.high) for each in NUMBERS if each.kind is WHOLE]
)
def test_whole_numbers_end_at_their_range(name, low, high):
    assert made(name, [low, high]).tolist() == [low, high]
    for beyond in (low - 1, high + 1):
        with pytest.raises(
            SeldonError, match=rf"has {beyond} at 1, expected a whole number, {low} to {high}"
        ):
            made(name, [0, beyond])
        if abs(beyond) < 2**63:
            with pytest.raises(SeldonError, match=f"has {beyond} at 1"):
                from_numbers(datatype_named(name, "x"), [2], 2, np.array([0, beyond]), "x")


def test_a_whole_number_may_have_a_fraction_of_zero():
    assert made("INT32", [3.0, -1]).tolist() == [3, -1]
    assert from_numbers(DATATYPES["INT32"], [1], 1, np.array([3.0]), "x").tolist() == [3]
    for wrong in (1.5, True, "3", None, {}, math.nan):
        with pytest.raises(SeldonError, match="expected a whole number"):
            made("INT32", [wrong])
    for wrong in (1.5, math.nan, math.inf, 2.0**63):
        with pytest.raises(SeldonError, match="expected a whole number"):
            from_numbers(DATATYPES["INT64"], [1], 1, np.array([wrong]), "x")


def test_a_float_may_be_any_whole_number_in_the_range_of_a_datatype():
    large = from_numbers(DATATYPES["UINT64"], [2], 2, np.array([1e19, 0.0]), "x")
    assert large.tolist() == [10**19, 0]
    with pytest.raises(SeldonError, match="expected a whole number"):
        from_numbers(DATATYPES["UINT64"], [1], 1, np.array([2.0**64]), "x")


def test_null_and_words_are_nan_and_infinities():
    read = made("FP32", [None, "NaN", "Infinity", "-Infinity", math.nan, 1])
    assert np.isnan(read[[0, 1, 4]]).all()
    assert read[[2, 3, 5]].tolist() == [math.inf, -math.inf, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("FP32", 3.4028236e38), ("FP16", 65520), ("FP16", -70000.0), ("FP64", 10**400), ("FP32", 10**400)],
        *[("FP32", "abc"), ("FP64", {}), ("FP32", True), ("FP64", "1.5"), ("FP32", [])],
    ],
)
def test_a_float_out_of_range_or_of_another_type_is_refused(name, value):
    with pytest.raises(SeldonError):
        made(name, [1, value])


def test_the_largest_floats_pass():
    assert made("FP32", [3.4028234663852886e38, -3.4028235e38]).tolist()[0] == 3.4028234663852886e38
    assert made("FP16", [65519.9]).tolist() == [65504]


def test_bf16_takes_every_whole_number_in_its_range_and_no_other():
    assert made("BF16", [2**63, -(2**64), 0.5]).tolist() == [2.0**63, -(2.0**64), 0.5]
    assert made("BF16", [3.39e38]).tolist()[0] < math.inf
    for value in (3.4e38, -3.4e38, 10**400):
        with pytest.raises(SeldonError, match="expected a number in the range"):
            made("BF16", [value])


def test_a_message_has_the_words_of_json():
    for value, word in ((None, "null"), (True, "true")):
        with pytest.raises(SeldonError, match=f"has {word} at 0"):
            made("INT8", [value])


def test_truth_values_may_be_0_and_1():
    assert made("BOOL", [True, 0, 1.0]).tolist() == [True, False, True]
    for wrong in (2, "true", None, 0.5):
        with pytest.raises(SeldonError, match=r"expected true or false \(BOOL\)"):
            made("BOOL", [True, wrong])


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        ([3], [1, 2]),
        ([2, 2], [[1, 2], [3]]),
        ([2, 2], [[1, 2], [3, 4], [5, 6]]),
        ([2, 2], [[1, 2], 3]),
        ([2, 2], [[1, 2, 3, 4]]),
        ([2], [[1], [2]]),
        ([2, 1], [[[1]], [[2]]]),
        ([0], [[]]),
    ],
)
def test_data_of_another_length_or_nesting_are_refused(shape, data):
    with pytest.raises(SeldonError, match="the input 'x' has the shape"):
        made("INT32", data, shape)


@pytest.mark.parametrize("data", [None, {}, "x", 5])
def test_data_must_be_a_list(data):
    with pytest.raises(SeldonError, match="expected a list"):
        from_values(DATATYPES["INT32"], [1], 1, data, "x", as_bytes=False)


def test_text_must_be_text():
    with pytest.raises(SeldonError, match=r"has 5 at 1, expected text \(BYTES\)"):
        made("BYTES", ["a", 5])
    for as_bytes in (False, True):
        with pytest.raises(SeldonError, match="lone surrogate"):
            made("BYTES", ["\ud800"], as_bytes=as_bytes)
    assert made("BYTES", []).dtype == BYTES.dtype


def test_numbers_of_another_shape_are_refused():
    for shape, numbers in (([3], np.arange(2)), ([2, 3], np.ones((3, 2)))):
        with pytest.raises(SeldonError, match="flat or nested so"):
            from_numbers(DATATYPES["FP64"], shape, math.prod(shape), numbers, "x")
