from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse
from seldon_runtime_v2.grpc.response_message import response_parts, set_parameters
from seldon_runtime_v2.mapping.tensors import OutputTensor
from seldon_runtime_v2.tensors.datatypes import datatype_named


def output(name, array, datatype):
    return OutputTensor(name, datatype_named(datatype, "a test"), array, {"names": "a,b"})


def written(outputs, **options):
    parts = response_parts(ModelInferResponse(model_name="m", id="1"), outputs, **options)
    return ModelInferResponse.FromString(b"".join(parts))


def test_an_answer_has_its_outputs_in_order_raw_or_typed():
    outputs = [
        output("a", np.arange(200, dtype="<i4").reshape(100, 2), "INT32"),
        output("b", np.array([b"x", b""], object), "BYTES"),
        output("c", np.array(0.5, "<f4"), "FP32"),
    ]
    typed, raw = written(outputs, is_raw=False), written(outputs, is_raw=True)
    for answer in (typed, raw):
        described = [(each.name, each.datatype, list(each.shape)) for each in answer.outputs]
        assert described == [("a", "INT32", [100, 2]), ("b", "BYTES", [2]), ("c", "FP32", [])]
        assert answer.outputs[1].parameters["names"].string_param == "a,b"
        assert (answer.model_name, answer.id) == ("m", "1")
    assert list(typed.outputs[0].contents.int_contents) == list(range(200))
    assert list(typed.outputs[1].contents.bytes_contents) == [b"x", b""]
    assert list(typed.outputs[2].contents.fp32_contents) == [0.5]
    assert not typed.raw_output_contents
    assert [len(data) for data in raw.raw_output_contents] == [800, 9, 4]
    assert not any(each.contents.ListFields() for each in raw.outputs)


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_all_outputs_are_raw_if_one_has_no_typed_form(datatype):
    half = datatype_named(datatype, "a test")
    outputs = [output("a", np.ones(2, half.dtype), datatype), output("b", np.ones(1, "<f8"), "FP64")]
    assert [len(data) for data in written(outputs, is_raw=False).raw_output_contents] == [4, 8]


def test_parameters_keep_their_types_and_very_large_numbers_become_text():
    answer = ModelInferResponse()
    set_parameters(answer.parameters, {"a": True, "b": -1, "c": 2**63, "d": 2**64, "e": 0.5, "f": "x"})
    choices = {name: value.WhichOneof("parameter_choice") for name, value in answer.parameters.items()}
    assert choices == {
        "a": "bool_param",
        "b": "int64_param",
        "c": "uint64_param",
        "d": "string_param",
        "e": "double_param",
        "f": "string_param",
    }
    assert answer.parameters["d"].string_param == str(2**64)
