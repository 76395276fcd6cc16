from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_grpc.protobuf import head
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.grpc.request_wire import split

MANY = 2000


def test_large_contents_are_found_and_the_message_is_the_request_without_them(asked):
    request = asked("FP32", [0.5] * MANY, id="7", model_name="m")
    request.inputs.add(name="y", datatype="INT8", shape=[1]).contents.int_contents.append(-1)
    request.inputs.add(name="z", datatype="INT64", shape=[MANY]).contents.int64_contents.extend(range(MANY))
    wire = request.SerializeToString()
    parts = split(wire)
    assert [(place, found.field) for place, found in parts.numbers.items()] == [(0, 6), (2, 3)]
    start, size = parts.numbers[0].place
    assert size == 4 * MANY
    assert wire[start : start + size] == b"\0\0\0\x3f" * MANY
    for tensor in (request.inputs[0], request.inputs[2]):
        tensor.ClearField("contents")
    assert ModelInferRequest.FromString(parts.message) == request


def test_raw_contents_are_found_in_their_order_wherever_they_stand(asked):
    first = ModelInferRequest(raw_input_contents=[b"a" * MANY]).SerializeToString()
    rest = asked("UINT8", [1] * 10, id="7")
    last = ModelInferRequest(raw_input_contents=[b"", b"b"]).SerializeToString()
    wire = first + rest.SerializeToString() + last
    parts = split(wire)
    assert [wire[start : start + size] for start, size in parts.raw] == [b"a" * MANY, b"", b"b"]
    assert ModelInferRequest.FromString(parts.message) == rest


def test_small_and_unusual_requests_are_left_to_protobuf(asked):
    assert split(asked("FP32", [0.5]).SerializeToString()) is None
    two = asked("FP32", [0.5] * MANY)
    two.inputs[0].contents.int_contents.append(1)
    assert split(two.SerializeToString()).numbers == {}
    text = asked("BYTES", [b"a"] * MANY)
    assert split(text.SerializeToString()).numbers == {}
    group = b"\x0b" + b"\0" * MANY
    assert split(group) is None


@pytest.mark.parametrize("broken", [b"\x80" * 11, b"\x32" + b"\x80" * 11], ids=["its tag", "its length"])
def test_contents_with_a_number_that_never_ends_are_left_to_protobuf(broken):
    contents = broken + b"\0" * MANY
    tensor = head(1, 1) + b"x" + head(5, len(contents)) + contents
    wire = head(5, len(tensor)) + tensor
    assert split(wire).numbers == {}
    with pytest.raises(DecodeError):
        ModelInferRequest.FromString(wire)


@given(st.data())
def test_a_broken_request_is_refused_as_protobuf_refuses_it(data):
    request = ModelInferRequest(id="a", raw_input_contents=[b"\x80" * 1500])
    request.inputs.add(name="x", shape=[3]).contents.int_contents.extend([300] * 1200)
    wire = bytearray(request.SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        wire[data.draw(st.integers(0, 40) | st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    try:
        whole = ModelInferRequest.FromString(bytes(wire))
    except DecodeError:
        return
    parts = split(bytes(wire))
    if parts is not None:
        message = ModelInferRequest.FromString(parts.message)
        assert len(message.inputs) == len(whole.inputs)
        raw = [bytes(wire[start : start + size]) for start, size in parts.raw]
        assert raw == list(whole.raw_input_contents)


@pytest.mark.parametrize("wire", [b"\x3a\xff" * 1000, b"\x08\xff" + b"\xff" * 1100, b"\x09" * 1027])
def test_a_field_that_ends_behind_the_request_is_left_to_protobuf(wire):
    assert split(wire) is None
