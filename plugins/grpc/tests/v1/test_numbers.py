"""Arrays to bytes and back: the short ways give what protobuf's own classes give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, Tensor
from seldon_runtime_grpc.v1 import numbers, wire
from seldon_runtime_grpc.v1.values import fill, list_to_python

shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
doubles = arrays.arrays(np.float64, shapes)
any_numbers = arrays.arrays(arrays.scalar_dtypes().filter(lambda kind: kind.kind in "fiu"), shapes)


def list_of(python):
    values = DefaultData().ndarray
    _fill(values, python)
    return values


def _fill(values, python):
    """Write NaN and infinities as numbers: clients may, but this runtime does not."""
    values.SetInParent()
    for item in python:
        if isinstance(item, list):
            _fill(values.values.add().list_value, item)
        elif type(item) is float:
            values.values.add().number_value = item
        else:
            fill(values.values.add(), item)


@given(doubles)
def test_a_tensor_comes_back_as_it_went_out(array):
    tensor = Tensor(values=array.ravel().tolist())
    back = numbers.from_tensor(tensor)
    np.testing.assert_array_equal(back, array.reshape(-1))
    assert (back.dtype, back.flags.writeable) == (np.float64, True)
    if array.size:  # the way of older protobuf
        np.testing.assert_array_equal(numbers._from_bytes(tensor.SerializeToString(), array.size), back)


@given(any_numbers)
def test_a_list_is_what_protobuf_would_write(array):
    with np.errstate(over="ignore"):
        expected = list_of(array.astype(np.float64).tolist())
        assert b"".join(numbers.list_parts(array)) == expected.SerializeToString()


@given(doubles)
def test_a_list_comes_back_as_it_went_out(array):
    values = list_of(array.tolist())
    back = numbers.from_list(values.SerializeToString())
    assert back is not None
    np.testing.assert_array_equal(back, np.array(array.tolist()))
    assert back.flags.writeable


leaves = st.one_of(st.floats(), st.text(max_size=12), st.booleans(), st.none())
nested = st.recursive(
    st.lists(leaves | st.floats(), max_size=4),
    lambda inner: st.lists(inner | leaves, max_size=4) | st.lists(inner, max_size=4),
    max_leaves=20,
)


@given(nested)
def test_a_list_is_an_array_only_if_it_holds_rows_of_numbers(python):
    values = list_of(python)
    array = numbers.from_list(values.SerializeToString())
    if array is not None:
        np.testing.assert_array_equal(array, np.array(list_to_python(values), dtype=np.float64))


@given(st.binary(max_size=60))
def test_no_bytes_are_too_odd_for_the_short_way(data):
    numbers.from_list(data)


def test_unknown_fields_of_a_tensor_are_stepped_over():
    known = Tensor(shape=[2], values=[1.5, 2.5]).SerializeToString()
    unknown = b"".join(wire.nested(1000, [b"\x12\x10" * 9]))
    for data in (known + unknown, unknown + known):
        tensor = Tensor.FromString(data)
        assert numbers.from_tensor(tensor).tolist() == [1.5, 2.5]
        assert numbers._from_bytes(tensor.SerializeToString(), 2).tolist() == [1.5, 2.5]


def test_values_may_come_unpacked_and_in_pieces():
    pieces = Tensor(values=[1.0]).SerializeToString() + b"\x11" + np.float64(2).tobytes()
    assert numbers.from_tensor(Tensor.FromString(pieces)).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31, 2**63])
def test_varints_come_back(number):
    assert wire.read_varint(b"x" + wire.varint(number) + b"\x01", 1) == (number, 1 + len(wire.varint(number)))
