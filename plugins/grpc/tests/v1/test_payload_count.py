"""Requests with two payloads, of which protobuf would keep the last one only."""

from __future__ import annotations

from itertools import permutations

import pytest

from seldon_runtime.plugin import ErrorCode, Limits, Method, SeldonError
from seldon_runtime_grpc.protos.prediction_pb2 import (
    DefaultData,
    Feedback,
    Meta,
    SeldonMessage,
    SeldonMessageList,
    Tensor,
)
from seldon_runtime_grpc.v1.codec import GrpcCodec

CODEC = GrpcCodec(Limits())
TENSOR = SeldonMessage(data=DefaultData(names=["a"], tensor=Tensor(shape=[1], values=[1.0])))
PARTS = {
    "data": TENSOR,
    "strData": SeldonMessage(strData=""),
    "binData": SeldonMessage(binData=b"b"),
    "jsonData": SeldonMessage(jsonData={"string_value": "j"}),
    "customData": SeldonMessage(customData={}),
}
EMPTY_DATA = SeldonMessage(data=DefaultData())
ONE_MESSAGE = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.ROUTE)


def wire_of(*parts: SeldonMessage) -> bytes:
    """Protobuf messages one after the other are one message with the fields of both."""
    return b"".join(part.SerializeToString() for part in parts)


def refusal(method: Method, wire: bytes) -> str:
    with pytest.raises(SeldonError) as caught:
        CODEC.read(method, wire)
    assert caught.value.code is ErrorCode.BAD_DATA
    return caught.value.message


@pytest.mark.parametrize(("first", "second"), list(permutations(PARTS, 2)))
def test_two_payloads_are_refused_in_every_order(first: str, second: str) -> None:
    wire = wire_of(PARTS[first], PARTS[second])
    for method in ONE_MESSAGE:
        message = refusal(method, wire)
        assert message.startswith("the request has ")
        assert first in message
        assert second in message


def test_they_are_refused_for_raw_methods_too() -> None:
    with pytest.raises(SeldonError, match="expected one of them"):
        CODEC.parse(Method.PREDICT, wire_of(PARTS["strData"], PARTS["binData"]))


def test_two_arrays_are_refused() -> None:
    other = SeldonMessage(data=DefaultData(ndarray={}))
    assert (
        refusal(Method.PREDICT, wire_of(TENSOR, other)) == "data has tensor and ndarray, expected one of them"
    )


def test_a_tensor_that_is_like_an_earlier_one_is_no_loophole() -> None:
    codec = GrpcCodec(Limits())
    codec.read(Method.PREDICT, wire_of(TENSOR))
    codec.read(Method.PREDICT, wire_of(TENSOR))
    with pytest.raises(SeldonError, match="strData"):
        codec.read(Method.PREDICT, wire_of(TENSOR, SeldonMessage(strData="s")))


@pytest.mark.parametrize("part", ["request", "response", "truth"])
def test_the_parts_of_feedback_are_checked(part: str) -> None:
    twice = Feedback(**{part: PARTS["strData"]}).SerializeToString()
    twice += Feedback(**{part: PARTS["binData"]}).SerializeToString()  # merged into the same part
    assert refusal(Method.SEND_FEEDBACK, twice).startswith(f"{part} has ")


def test_the_messages_of_a_combiner_are_checked() -> None:
    good = SeldonMessageList(seldonMessages=[TENSOR, PARTS["strData"]]).SerializeToString()
    assert len(CODEC.read(Method.AGGREGATE, good)) == 2
    inner = wire_of(PARTS["strData"], PARTS["binData"])
    wire = good + b"\x0a" + bytes([len(inner)]) + inner
    assert refusal(Method.AGGREGATE, wire).startswith("seldonMessages[2] has ")


@pytest.mark.parametrize("name", PARTS)
def test_one_payload_is_read_even_if_it_comes_in_pieces(name: str) -> None:
    with_meta = SeldonMessage(meta=Meta(puid="p"))
    CODEC.read(Method.PREDICT, wire_of(with_meta, PARTS[name]))
    CODEC.read(Method.PREDICT, wire_of(PARTS[name], with_meta))
    if name == "data":
        names = SeldonMessage(data=DefaultData(names=["b"]))
        assert list(CODEC.read(Method.PREDICT, wire_of(names, TENSOR)).payload.names) == ["b", "a"]
        assert CODEC.read(Method.PREDICT, wire_of(EMPTY_DATA)).payload.value.size == 0


def test_unknown_fields_do_not_count() -> None:
    unknown = bytes([0xFA, 0x07, 1, 0])  # field 127
    assert CODEC.read(Method.PREDICT, wire_of(PARTS["strData"]) + unknown).payload.value == ""
