"""Arrays, texts and bytes as messages: read and written alike; errors name the wrong part."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.plugin import ErrorCode, Kind, Limits, Message, Meta, Method, Payload, SeldonError
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage, SeldonMessageList
from seldon_runtime_grpc.v1 import numbers
from seldon_runtime_grpc.v1.codec import GrpcCodec
from seldon_runtime_grpc.v1.values import fill_list

from .answers import CODEC, Identical, answer, as_dict, error, message

shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
floats = arrays.arrays(np.float64, shapes, elements=st.floats(allow_nan=False))


@given(floats, st.sampled_from([Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR]), st.lists(st.text(), max_size=3))
def test_what_is_encoded_is_decoded_to_the_same(array, kind, names):
    meta = Meta(
        "p", {"t": [1.5, {"a": None}]}, {"r": 2}, {"m": "i:1"}, [{"key": "k", "type": "TIMER", "value": 0.1}]
    )
    written = CODEC.write(Method.PREDICT, Message(Payload(kind, array, names), meta))
    read = CODEC.decode(Method.PREDICT, CODEC.parse(Method.PREDICT, written))
    assert read.meta == meta
    assert (read.payload.kind, read.payload.names) == (kind, names)
    if kind is not Kind.NDARRAY:
        np.testing.assert_array_equal(read.payload.value, array)
        return
    listed = np.array(array.tolist())  # without the dimensions behind an empty one
    finite = np.where(np.isfinite(listed), listed, np.nan)  # a Value holds null in place of other numbers
    np.testing.assert_array_equal(read.payload.value.astype(np.float64), finite)


@pytest.mark.parametrize("kind", [Kind.TENSOR, Kind.NDARRAY])
@pytest.mark.parametrize("count", [1, 10, 11, numbers.FEW, numbers.FEW + 1, 1000])
def test_few_values_and_many_are_read_and_written_alike(kind, count):
    array = np.linspace(-1, 1, count).reshape(1, count)
    expected = SeldonMessage(meta={})
    expected.data.names.append("n")
    if kind is Kind.TENSOR:
        expected.data.tensor.shape.extend(array.shape)
        expected.data.tensor.values.extend(array.ravel().tolist())
    else:
        fill_list(expected.data.ndarray, array.tolist())
    written = CODEC.write(Method.PREDICT, Message(Payload(kind, array, ["n"])))
    assert written == expected.SerializeToString()
    read = CODEC.decode(Method.PREDICT, expected).payload
    np.testing.assert_array_equal(read.value, array)
    assert (read.value.dtype, read.value.flags.writeable) == (np.float64, True)


@given(st.one_of(st.tuples(st.just(Kind.STR), st.text()), st.tuples(st.just(Kind.BINARY), st.binary())))
def test_text_and_bytes_are_decoded_to_the_same(pair):
    written = CODEC.write(Method.PREDICT, Message(Payload(*pair)))
    read = CODEC.decode(Method.PREDICT, CODEC.parse(Method.PREDICT, written))
    assert (read.payload.kind, read.payload.value) == pair


@given(st.binary(max_size=80), st.sampled_from(list(Method)))
def test_any_bytes_are_decoded_or_refused(data, method):
    with suppress(SeldonError):
        CODEC.decode(method, CODEC.parse(method, data))


def test_a_tensor_reaches_the_component_as_writable_floats():
    user = Identical()
    answered = answer(user, message(data={"tensor": {"shape": [2, 1], "values": [1, 2]}, "names": ["a"]}))
    X, names, meta = user.seen
    assert (X.shape, X.dtype, X.flags.writeable, names, meta) == ((2, 1), np.float64, True, ["a"], {})
    assert as_dict(answered) == {
        "meta": {},
        "data": {"names": ["t:0"], "tensor": {"shape": [2, 1], "values": [1.0, 2.0]}},
    }


@pytest.mark.parametrize("values", [[["a", "b"]], [[1.0, None]], [{"a": 1.0}], [[True]], [[]], []])
def test_an_ndarray_of_anything_comes_back(values):
    assert as_dict(answer(Identical(), message(data={"ndarray": values})))["data"]["ndarray"] == values


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"tensor": {"shape": [2], "values": [1, 2, 3]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [-2], "values": [1]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [1]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [0, 2000000000]}}, "data.tensor.shape"),
        ({"ndarray": [[1, 2], [3]]}, "data.ndarray is ragged"),
        ({"tftensor": {"dtype": "DT_COMPLEX64"}}, "data.tftensor.dtype"),
        ({"tftensor": {"dtype": "DT_FLOAT", "scomplexVal": [1]}}, "scomplex"),
    ],
)
def test_a_wrong_array_is_the_callers_fault_and_named(data, part):
    refused = error(Identical(), message(data=data))
    assert refused.code is ErrorCode.BAD_DATA
    assert part in refused.message


@pytest.mark.parametrize("data", [{"tensor": {"shape": [5], "values": [1] * 5}}, {"ndarray": [1] * 5}])
def test_arrays_beyond_the_limit_are_refused(data):
    codec = GrpcCodec(Limits(max_array_values=4))
    with pytest.raises(SeldonError, match="at most 4"):
        answer(Identical(), message(data=data), codec=codec)


def test_a_request_without_payload_is_refused():
    assert "no payload" in error(Identical(), message(meta={"puid": "p"})).message


def test_messages_are_combined():
    class Mean:
        def aggregate(self, features_list, names_list):
            return np.mean(features_list, axis=0)

    parts = [message(data={"tensor": {"shape": [1, 2], "values": v}}) for v in ([1, 2], [3, 4])]
    answered = answer(Mean(), SeldonMessageList(seldonMessages=parts), Method.AGGREGATE)
    assert list(answered.data.tensor.values) == [2.0, 3.0]
    assert error(Mean(), SeldonMessageList(), Method.AGGREGATE).code is ErrorCode.BAD_DATA
    empty = SeldonMessageList(seldonMessages=[*parts, SeldonMessage()])
    assert "seldonMessages[2]" in error(Mean(), empty, Method.AGGREGATE).message
