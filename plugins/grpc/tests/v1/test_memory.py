"""The memory of messages, measured on the wire: enough for small values, and little for large ones."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from seldon_runtime_grpc.v1 import wire
from seldon_runtime_grpc.v1.codec import GrpcCodec
from seldon_runtime_grpc.v1.memory import wire_memory

MESSAGE = SeldonMessage.DESCRIPTOR
SIZE = 400_000


def field(number: int, data: bytes) -> bytes:
    return wire.head(number, len(data)) + data


def shaped(count: int) -> bytes:
    return field(2, field(2, b"\x08" + wire.varint(count)))


SMALL = {
    "empty values": field(3, field(3, b"\x0a\x00" * (SIZE // 2))),
    "nulls": field(3, field(3, b"\x0a\x02\x08\x00" * (SIZE // 4))),
    "empty lists": field(3, field(3, b"\x0a\x02\x32\x00" * (SIZE // 4))),
    "empty structs": field(6, field(6, b"\x0a\x02\x2a\x00" * (SIZE // 4))),
    "numbers in rows": field(3, field(3, field(1, field(6, b"\x0a\x09\x11" + b"\0" * 8)) * (SIZE // 15))),
    "members": field(
        6, field(5, b"".join(field(1, field(1, b"%x" % i) + b"\x12\x00") for i in range(SIZE // 14)))
    ),
    "names": field(3, b"\x0a\x00" * (SIZE // 2) + field(3, b"")),
    "shape": field(3, field(2, field(1, b"\x01" * SIZE))),
    "booleans": field(3, field(4, b"\x08\x0a" + shaped(SIZE) + field(11, b"\x01" * SIZE))),
    "floats": field(3, field(4, b"\x08\x01" + shaped(SIZE // 4) + field(5, b"\x01" * SIZE))),
    "whole numbers": field(
        3, field(4, b"\x08\x09" + shaped(SIZE // 2) + field(10, b"\xff\x7f" * (SIZE // 2)))
    ),
    "not packed": field(3, field(4, b"\x08\x03" + shaped(SIZE // 2) + b"\x38\x01" * (SIZE // 2))),
    "texts": field(3, field(4, b"\x08\x07" + shaped(SIZE // 2) + b"\x42\x00" * (SIZE // 2))),
    "dimensions": field(3, field(4, b"\x08\x01" + field(2, b"\x12\x00" * (SIZE // 2)))),
    "metrics": field(5, b"x") + field(2, b"\x2a\x00" * (SIZE // 2)),
    "metrics in many metas": field(5, b"x") + field(2, b"\x2a\x00") * (SIZE // 4),
    "long tags of fields": field(5, b"x") + field(2, b"\xaa\x80\x00\x00" * (SIZE // 4)),
}
LARGE = {
    "text": field(5, b"a" * SIZE),
    "bytes": field(4, b"\xff" * SIZE),
    "tensor": field(3, field(2, field(1, wire.varint(SIZE // 8)) + field(2, b"\x0a" * SIZE))),
    "tensor content": field(3, field(4, b"\x08\x02" + shaped(SIZE // 8) + field(4, b"\x0a" * SIZE))),
    "unknown field": field(5, b"x") + field(99, b"a" * SIZE),
}


@pytest.mark.parametrize("name", SMALL)
def test_many_small_values_are_estimated_at_what_they_take_at_least(name: str) -> None:
    """In a process of its own, whose greatest size the system keeps."""
    script = """
import resource, sys
from seldon_runtime.plugin import Limits, Method, SeldonError
from seldon_runtime_grpc.v1.codec import GrpcCodec
codec = GrpcCodec(Limits(max_request_memory=2**40))
data = sys.stdin.buffer.read()
estimate = codec.memory(Method.PREDICT, data)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    codec.read(Method.PREDICT, data)
except SeldonError:
    pass
print(estimate, peak() - before)
"""
    ended = subprocess.run([sys.executable, "-c", script], input=SMALL[name], capture_output=True, check=True)
    estimate, taken = map(int, ended.stdout.split())
    assert estimate >= 10 * SIZE
    assert taken <= estimate + 3_000_000  # modules that are imported when they are needed


@pytest.mark.parametrize("name", LARGE)
def test_a_few_large_values_are_estimated_at_a_few_copies(name: str) -> None:
    assert 2 * SIZE < wire_memory(LARGE[name], MESSAGE) < 3.1 * SIZE


def test_a_text_with_wide_characters_takes_more() -> None:
    wide = field(5, b"a" * SIZE + "\U0001f600".encode())
    assert wire_memory(wide, MESSAGE) > 5 * SIZE


def test_an_array_of_numbers_takes_little_whatever_the_numbers_are() -> None:
    count = 30_000
    numbers = b"".join(b"\x0a\x09\x11" + struct.pack("<d", index * 0.37) for index in range(count))
    assert wire_memory(field(3, field(3, numbers)), MESSAGE) < 200 * count


@pytest.mark.parametrize(("kind", "number"), [(SeldonMessageList, 1), (Feedback, 1), (Feedback, 4)])
def test_messages_in_messages_count(kind: Any, number: int) -> None:
    for name in ("metrics", "empty values"):
        inner = wire_memory(SMALL[name], MESSAGE)
        assert wire_memory(field(number, SMALL[name]), kind.DESCRIPTOR) >= inner


def test_a_number_without_an_end_is_not_read_to_the_end_of_the_message() -> None:
    """Otherwise it would take hours."""
    data = b"\xff" * 20_000_000
    assert wire_memory(data, MESSAGE) >= len(data)


@given(st.binary(max_size=300))
def test_any_bytes_have_an_estimate(data: bytes) -> None:
    assert wire_memory(data, MESSAGE) >= 0


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    "front", [b"\xf8\x07\x00", b"\x22\x00", b"\x1a\x00", b"\xfd\x07\0\0\0\0"], ids=bytes.hex
)
def test_many_fields_in_front_do_not_hide_what_follows(front: bytes, name: str) -> None:
    """The walk ends among them."""
    data = front * 30_000 + SMALL[name]
    assert wire_memory(data, MESSAGE) >= 0.9 * wire_memory(SMALL[name], MESSAGE)


def test_deep_messages_are_measured_without_walking_them() -> None:
    data = b"\x2a\x00" * 10
    for _ in range(5000):
        data = field(15, field(3, data))  # a variant in a tensor in a variant
    assert wire_memory(field(3, field(4, data)), MESSAGE) > len(data)


def test_names_of_many_columns_leave_a_tensor_what_it_is() -> None:
    names = b"".join(field(1, b"x%d" % column) for column in range(5000))
    tensor = field(2, field(1, b"\x88\x27") + field(2, b"\x0a\x00" * SIZE))
    assert wire_memory(field(3, names + tensor), MESSAGE) < 3 * 2 * SIZE + 130 * 5000


@pytest.mark.parametrize("kind", [SeldonMessage, SeldonMessageList, Feedback], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_no_message_takes_more_than_the_multiple_that_needs_no_estimate(kind: Any, name: str) -> None:
    message = {**SMALL, **LARGE}[name]
    data = {SeldonMessage: message, SeldonMessageList: field(1, message), Feedback: field(1, message)}[kind]
    assert wire_memory(data, kind.DESCRIPTOR) <= GrpcCodec.memory_times * len(data)


def test_empty_messages_stay_below_the_multiple_that_needs_no_estimate() -> None:
    data = b"\x0a\x00" * 1000
    assert wire_memory(data, SeldonMessageList.DESCRIPTOR) <= GrpcCodec.memory_times * len(data)
