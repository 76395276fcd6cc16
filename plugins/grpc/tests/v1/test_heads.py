"""Tensors that are read and written by what stands before their numbers: as protobuf would."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.plugin import Kind, Limits, Message, Method, Payload, SeldonError
from seldon_runtime.protocols import remembered
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1 import encoding
from seldon_runtime_grpc.v1.codec import GrpcCodec

MOST_VALUES = 12
texts = st.text(max_size=3)
shapes = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
any_numbers = arrays.arrays(arrays.scalar_dtypes().filter(lambda kind: kind.kind in "fiu"), shapes)
read, decode, parse, write = (
    partial(method, GrpcCodec(Limits(max_array_values=MOST_VALUES)), Method.PREDICT)
    for method in (GrpcCodec.read, GrpcCodec.decode, GrpcCodec.parse, GrpcCodec.write)
)


@pytest.fixture
def codec() -> GrpcCodec:
    return GrpcCodec(Limits())


def tensor(shape, values, names=("a", "b"), **fields) -> SeldonMessage:
    data = {"names": names, "tensor": {"shape": shape, "values": values}}
    return SeldonMessage(data=data, **fields)


def content(request):
    payload = request.payload
    array = payload.value
    if not isinstance(array, np.ndarray):
        return request
    about = array.dtype, array.shape, array.flags.writeable, array.flags.aligned
    return about, array.tobytes(), payload.kind, payload.names, request.meta, request.given_meta


def outcome(call):
    try:
        return content(call())
    except SeldonError as error:
        return error.message


@given(any_numbers, st.lists(texts, max_size=3))
def test_a_tensor_is_written_as_protobuf_would(array, names):
    with np.errstate(over="ignore"):
        values = array.astype(np.float64).ravel().tolist()
        written = write(Message(Payload(Kind.TENSOR, array, names)))
    assert written == tensor(array.shape, values, names, meta={}).SerializeToString()


# Few names, shapes and fields, so that many messages have the same length and nearly the same head.
metas = st.sampled_from([{}, {"meta": {}}, {"meta": {"puid": "p"}}, {"status": {"info": "i"}}])
sizes = st.sampled_from([[], [2], [1, 2], [2, 1], [-1, 2], [2, 2], [4], [3, 4], [4, 4], [0]])
tensors = st.builds(
    lambda shape, values, names, meta: tensor(shape, values, names, **meta).SerializeToString(),
    sizes,
    st.lists(st.floats(), max_size=5) | st.lists(st.just(1.5), min_size=12, max_size=16),
    st.sampled_from([[], ["a", "b"], ["a", "c"], ["ab", ""], ["a", "b", "c"]]),
    metas,
)
others = st.builds(
    lambda message, tail: message + tail,
    tensors,
    st.sampled_from([b"", SeldonMessage(strData="s").SerializeToString(), b"\xc2\x3e\x08" + b"\x00" * 8]),
)
damaged = st.builds(
    lambda message, at, byte: message[: at % len(message)] + byte + message[at % len(message) + 1 :],
    tensors.filter(len),
    st.integers(0, 200),
    st.binary(min_size=1, max_size=1),
)


@given(st.lists(tensors | others | damaged, min_size=2, max_size=6))
def test_whatever_came_before_a_request_is_read_as_it_is_parsed(messages):
    for message in [*messages, *messages]:
        assert outcome(lambda: read(message)) == outcome(lambda: decode(parse(message)))  # noqa: B023


@pytest.mark.parametrize("meta", [{}, {"meta": {}}])
def test_requests_that_differ_in_their_numbers_only_are_not_parsed_again(codec, monkeypatch, meta):
    codec.read(Method.PREDICT, tensor([1, 2], [1, 2], **meta).SerializeToString())
    monkeypatch.setattr(GrpcCodec, "parse", None)
    request = codec.read(Method.PREDICT, tensor([1, 2], [3, 4], **meta).SerializeToString())
    assert request.payload.value.tolist() == [[3, 4]]
    assert request.payload.names == ["a", "b"]


def test_what_a_component_does_to_one_request_the_next_one_does_not_have(codec):
    message = tensor([1, 2], [1, 2]).SerializeToString()
    for _ in range(3):
        request = codec.read(Method.PREDICT, message)
        assert (request.payload.value.tolist(), request.payload.names) == ([[1, 2]], ["a", "b"])
        assert request.given_meta == {}
        request.payload.value[:] = 9
        request.payload.names.append("c")
        request.given_meta["puid"] = "p"


def test_heads_do_not_fill_the_memory(codec):
    for count in range(1, 3 * remembered._MOST):
        message = codec.write(Method.PREDICT, Message(Payload(Kind.TENSOR, np.ones((1, count)))))
        codec.read(Method.PREDICT, message)
    for known in (codec._request_heads._known, encoding._HEADS._known):
        assert 0 < len(known) <= remembered._MOST
        known.clear()
    message = codec.write(Method.PREDICT, Message(Payload(Kind.TENSOR, np.ones((1, 2)), ["n" * 10_000])))
    assert codec.read(Method.PREDICT, message).payload.names == ["n" * 10_000]
    assert (codec._request_heads._known, encoding._HEADS._known) == ({}, {})


class Unhashable:
    __hash__ = None

    def __str__(self) -> str:
        return "u"


def test_names_of_answers_need_not_be_texts(codec):
    def written(*names):
        return SeldonMessage.FromString(
            codec.write(Method.PREDICT, Message(Payload(Kind.TENSOR, np.ones(1), names)))
        ).data.names

    for _ in range(2):
        for name, text in [
            (1, "1"),
            (True, "True"),
            (1.0, "1.0"),
            ("1", "1"),
            (Unhashable(), "u"),
            (None, "None"),
        ]:
            assert list(written(name, "b")) == [text, "b"]
