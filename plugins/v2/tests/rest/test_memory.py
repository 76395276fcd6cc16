from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

from seldon_runtime.plugin import Limits
from seldon_runtime_v2.rest.memory import request_memory
from seldon_runtime_v2.rest.request_body import inputs_of, parse

LIMITS = Limits()
N = 20_000


def text_of(**member):
    return json.dumps({"inputs": [{"name": "x", **member}]}, separators=(",", ":")).encode()


def of_binary(datatype, count, data):
    head = text_of(datatype=datatype, shape=[count], parameters={"binary_data_size": len(data)})
    return head + data, len(head)


BODIES = {
    "floats": (text_of(datatype="FP32", shape=[N], data=np.random.default_rng(0).random(N).tolist()), None),
    "nested": (text_of(datatype="FP64", shape=[N, 1], data=[[1]] * N), None),
    "whole": (text_of(datatype="UINT8", shape=[N], data=[1] * N), None),
    "null": (text_of(datatype="FP32", shape=[N], data=[1000.5, None] * (N // 2)), None),
    "truth": (text_of(datatype="BOOL", shape=[N], data=[True] * N), None),
    "text": (text_of(datatype="BYTES", shape=[N], data=["ab"] * N), None),
    "wide text": (text_of(datatype="BYTES", shape=[N], data=["\u65e5\u672c"] * N), None),
    "binary": of_binary("FP32", N, np.ones(N, "<f4").tobytes()),
    "binary text": of_binary("BYTES", N, b"\2\0\0\0ab" * N),
}


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_reading_takes_no_more_than_the_estimate(name, as_bytes):
    body, length = BODIES[name]
    text = body if length is None else body[:length]
    inputs_of(parse(text, LIMITS), body, len(text), LIMITS, as_bytes=as_bytes)  # imports, caches
    tracemalloc.start()
    try:
        inputs = inputs_of(parse(text, LIMITS), body, len(text), LIMITS, as_bytes=as_bytes)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert inputs[0].array.size == N
    assert peak <= request_memory(body, length)


def test_numbers_of_binary_data_and_of_large_json_take_little():
    body, length = BODIES["binary"]
    assert request_memory(body, length) < 2 * len(body)
    body, length = BODIES["floats"]
    assert request_memory(body, length) < 5 * len(body)
