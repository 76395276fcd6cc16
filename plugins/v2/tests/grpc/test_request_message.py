from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime_v2.grpc.protos.inference_pb2 import InferParameter
from seldon_runtime_v2.grpc.request_message import inputs_of, parameters_of, parse

LIMITS = Limits(max_array_values=10_000)


def read(request):
    return inputs_of(parse(request.SerializeToString()), LIMITS)


@pytest.mark.parametrize("count", [3, 2000])
def test_raw_numbers_are_read_only_views_of_the_request(asked, count):
    wire = asked("FP32", np.arange(count), [count, 1], raw=True).SerializeToString()
    (given,) = inputs_of(parse(wire), LIMITS)
    assert given.array.reshape(-1).tolist() == list(range(count))
    assert not given.array.flags.writeable
    if count > 3:
        base = given.array
        while isinstance(base, np.ndarray):
            base = base.base
        assert base is wire


def test_raw_text_becomes_bytes(asked):
    assert read(asked("BYTES", [b"", b"\xff\0"], raw=True))[0].array.tolist() == [b"", b"\xff\0"]


@pytest.mark.parametrize("count", [2, 2000])
def test_raw_and_typed_contents_never_mix(asked, count):
    request = asked("FP32", [1.0] * count, raw=True)
    request.inputs[0].contents.fp32_contents.extend([1.0] * count)
    with pytest.raises(SeldonError, match="'x' has contents beside raw_input_contents"):
        read(request)


def test_raw_contents_are_those_of_all_inputs(asked):
    request = asked("FP32", [1.0], raw=True)
    request.inputs.add(name="y", datatype="FP32", shape=[1]).contents.fp32_contents.append(1)
    with pytest.raises(SeldonError, match="has 1 raw_input_contents, expected 2"):
        read(request)
    request = asked("FP32", [1.0], raw=True)
    request.raw_input_contents.append(b"")
    with pytest.raises(SeldonError, match="has 2 raw_input_contents, expected 1"):
        read(request)


def test_faults_of_a_tensor_name_it(asked):
    for request, fault in [
        (asked("FP32", [1.0], [2], raw=True), "takes 8 bytes of FP32; got 4"),
        (asked("FP32", [1.0], [-1], raw=True), "sizes of 0 or more"),
        (asked("FP32", [1.0], [10_001], raw=True), "10001 values"),
        (asked("FP32", [1.0], [2**62, 2**62], raw=True), "values, at most"),
        (asked("FP32", [], [0, *[10_000] * 15], raw=True), "in that of all others"),
    ]:
        with pytest.raises(SeldonError, match=fault):
            read(request)
    request = asked("FP32", [1.0], raw=True)
    request.inputs[0].datatype = "fp32"
    with pytest.raises(SeldonError, match=r"the input 'x' has the datatype 'fp32'.* Did you mean FP32"):
        read(request)


def test_bytes_that_are_no_message_are_refused():
    with pytest.raises(SeldonError, match="not a valid ModelInferRequest"):
        parse(b"\x0a\xff\xff\xff\xff\x0f")


def test_parameters_have_the_type_of_their_field():
    given = {
        "bool": InferParameter(bool_param=False),
        "int": InferParameter(int64_param=-7),
        "text": InferParameter(string_param="x"),
        "double": InferParameter(double_param=0.5),
        "uint": InferParameter(uint64_param=2**64 - 1),
        "none": InferParameter(),
    }
    read = parameters_of(given)
    assert read == {"bool": False, "int": -7, "text": "x", "double": 0.5, "uint": 2**64 - 1}
    assert read["bool"] is False
