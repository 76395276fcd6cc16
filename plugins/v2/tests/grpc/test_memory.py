"""The memory of reading a request: measured on the wire, before protobuf makes objects."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seldon_runtime_grpc.protobuf import head
from seldon_runtime_v2.grpc.codec import InferCodec
from seldon_runtime_v2.grpc.memory import request_memory

SIZE = 400_000
SPARE_BYTES = 3_000_000
"""Modules that are imported when they are needed."""


def field(number, data):
    return head(number, len(data)) + data


def tensor(datatype, count, *rest):
    shape = head(3, 0)[:1].replace(b"\x1a", b"\x18") + head(0, count)[1:]
    return field(5, b"".join([field(1, b"x"), field(2, datatype), shape, *rest]))


def typed(datatype, count, number, data):
    return tensor(datatype, count, field(5, field(number, data)))


REQUESTS = {
    "empty inputs": b"\x2a\x00" * (SIZE // 2),
    "empty outputs": b"\x32\x00" * (SIZE // 2),
    "parameters": b"".join(field(4, field(1, b"%x" % n) + b"\x12\x00") for n in range(SIZE // 14)),
    "empty raw contents": b"\x3a\x00" * (SIZE // 2),
    "shape": field(5, field(3, b"\x01" * SIZE)),
    "one byte for each of INT64": typed(b"INT64", SIZE, 3, b"\x01" * SIZE),
    "two bytes for each of INT64": typed(b"INT64", SIZE // 2, 3, b"\x81\x01" * (SIZE // 2)),
    "one byte for each of INT8": typed(b"INT8", SIZE, 2, b"\x01" * SIZE),
    "not packed": tensor(b"INT64", SIZE // 2, field(5, b"\x18\x01" * (SIZE // 2))),
    "not packed and truth values": tensor(b"BOOL", SIZE // 2, field(5, b"\x08\x01" * (SIZE // 2))),
    "typed text": tensor(b"BYTES", SIZE // 2, field(5, b"\x42\x00" * (SIZE // 2))),
    "floats": typed(b"FP32", SIZE // 4, 6, b"\x01" * SIZE),
    "raw text": tensor(b"BYTES", SIZE // 4) + field(7, b"\0" * SIZE),
    "raw text of two": tensor(b"BYTES", SIZE // 6) + field(7, b"\2\0\0\0ab" * (SIZE // 6)),
    "raw numbers": tensor(b"FP32", SIZE // 4) + field(7, b"\0" * SIZE),
    "raw BF16": tensor(b"BF16", SIZE // 2) + field(7, b"\0" * SIZE),
}

SCRIPT = """
import resource, sys
from seldon_runtime.plugin import Limits, Method, SeldonError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime_v2.grpc.codec import InferCodec
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.mapping.model import ServedModel

class Model:
    def predict(self, X, names):
        return X

model = ServedModel(ComponentService(Unit(ComponentAdapter(Model()), Executor())), "m")
codec = InferCodec(model, Limits(max_request_memory=2**40), Heads(model))
data = sys.stdin.buffer.read()
estimate = codec.memory(Method.PREDICT, data)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    codec.read(Method.PREDICT, data)
    print("read", end=" ")
except SeldonError:
    print("refused", end=" ")
print(estimate, peak() - before)
"""


@pytest.mark.parametrize("name", REQUESTS)
def test_reading_takes_no_more_than_the_estimate(name):
    """In a process of its own, whose greatest size the system keeps."""
    request = field(1, b"m") + REQUESTS[name]
    ended = subprocess.run([sys.executable, "-c", SCRIPT], input=request, capture_output=True, check=True)
    outcome, estimate, taken = ended.stdout.split()
    is_valid = name.startswith(("one", "two", "not", "typed", "floats", "raw"))
    assert outcome == (b"read" if is_valid else b"refused")
    assert int(taken) <= int(estimate) + SPARE_BYTES


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_takes_more_than_the_multiple_that_needs_no_estimate(name):
    assert request_memory(REQUESTS[name]) <= InferCodec.memory_times * len(REQUESTS[name])


def test_raw_numbers_and_typed_floats_take_next_to_nothing_beside_the_request():
    assert request_memory(REQUESTS["raw numbers"]) < 1000
    assert request_memory(REQUESTS["one byte for each of INT8"]) < 10 * SIZE + 2_100_000
