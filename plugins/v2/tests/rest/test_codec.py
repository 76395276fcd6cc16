from __future__ import annotations

import json

import numpy as np
import pytest

from seldon_runtime.plugin import Call, Method, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec
from seldon_runtime_v2.rest.heads import Heads
from seldon_runtime_v2.rest.request_body import HEADER

INPUT = {"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2]}
TENSOR = {"datatype": "FP32", "shape": [-1, 2]}


class Twice:
    def predict(self, X, names):
        return {"a": X, "b": X * 2}


class Identity:
    def predict(self, X, names):
        return X

    def tags(self):
        return {"tag": 1}


def codec_of(service, length=None):
    model, limits = ServedModel(service), service.limits
    return InferCodec(model, limits, Heads(model, limits), length)


@pytest.fixture
def ask(make_service):
    """``ask(user, request, length)``: the response to a request, or to bytes with JSON of that length."""

    def ask(user, request, length=None, metadata=None):
        service = make_service(user, metadata=metadata)
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        codec = codec_of(service, length)
        return service.call(Call(Method.PREDICT, body, codec, "test"))

    return ask


def binary_of(response):
    return json.loads(response.body[: int(dict(response.headers)[HEADER])])["outputs"]


def test_the_answer_names_the_model_its_version_and_the_request(ask):
    response = ask(Identity(), {"id": "", "inputs": [INPUT]}, metadata={"versions": ["3"]})
    assert json.loads(response.body) == {
        "model_name": "Identity",
        "model_version": "3",
        "id": "",
        "parameters": {"tag": 1},
        "outputs": [{"name": "output-0", "datatype": "FP32", "shape": [2], "data": [1, 2]}],
    }
    assert json.loads(ask(Twice(), {"inputs": [INPUT]}).body).keys() == {"model_name", "outputs"}


def test_requested_outputs_are_json_unless_each_asks_for_binary(ask):
    outputs = [{"name": "b", "parameters": {"binary_data": True}}, {"name": "a"}]
    request = {"inputs": [INPUT], "outputs": outputs, "parameters": {"binary_data_output": True}}
    found = binary_of(ask(Twice(), request))
    assert [(each["name"], "data" in each) for each in found] == [("b", False), ("a", True)]


def test_the_class_does_not_see_in_which_form_its_answer_is_sent(ask):
    class Infers:
        def infer(self, inputs, parameters):
            seen.append(parameters)
            return inputs

    seen = []
    ask(Infers(), {"inputs": [INPUT], "parameters": {"binary_data_output": True, "k": 1}})
    assert seen == [{"k": 1}]


def test_all_outputs_are_binary_on_demand(ask):
    response = ask(Twice(), {"inputs": [INPUT], "parameters": {"binary_data_output": True}})
    assert ["data" in each for each in binary_of(response)] == [False, False]
    assert response.body.endswith(np.array([1, 2, 2, 4], "<f4").tobytes())


@pytest.mark.parametrize("value", [1, 0, "true", 1.0])
def test_the_wish_for_binary_data_is_a_truth_value(ask, value):
    with pytest.raises(SeldonError, match=f"binary_data_output is {value!r}, expected true or false"):
        ask(Twice(), {"inputs": [INPUT], "parameters": {"binary_data_output": value}})
    outputs = [{"name": "a"}, {"name": "b", "parameters": {"binary_data": value}}]
    with pytest.raises(SeldonError, match=f"the output 'b' has the binary_data {value!r}, expected true"):
        ask(Twice(), {"inputs": [INPUT], "outputs": outputs})


def test_an_unknown_output_is_refused_before_the_call_if_outputs_are_declared(ask):
    class Fails:
        def predict(self, X, names):
            raise AssertionError

    request = {"inputs": [INPUT], "outputs": [{"name": "c"}]}
    with pytest.raises(SeldonError, match="the model has no output 'c', expected y"):
        ask(Fails(), request, metadata={"outputs": [{"name": "y", **TENSOR}]})
    with pytest.raises(SeldonError, match="the model has no output 'c', expected a, b"):
        ask(Twice(), request)


@pytest.mark.parametrize(
    ("shape", "body", "wanted"),
    [([-1, 2], np.arange(6, dtype="<f4").tobytes(), [3, 2]), ([-1, 2], b"", [0, 2]), ([2], b"\0" * 8, [2])],
)
def test_a_raw_binary_request_is_the_only_declared_input(ask, shape, body, wanted):
    metadata = {"inputs": [{"name": "x", "datatype": "FP32", "shape": shape}]}
    response = ask(Identity(), body, 0, metadata)
    (found,) = binary_of(response)
    assert (found["shape"], found["parameters"]["binary_data_size"]) == (wanted, len(body))
    assert response.body.endswith(body)


@pytest.mark.parametrize(
    ("metadata", "body", "message"),
    [
        (None, b"", "with one declared input"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, -1]}]}, b"", "at most one size varies"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}, b"123", "expected whole elements"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]}, b"1234", "takes 0 bytes"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [2]}]}, b"1234", "takes 8 bytes"),
        ({"inputs": [{"name": "x", "datatype": "BYTES", "shape": [2]}]}, b"ab", "takes 2 elements .* got 1"),
        ({"inputs": [{"name": "x", "datatype": "BYTES", "shape": [-1, 0]}]}, b"", "takes 0 elements"),
    ],
)
def test_a_raw_binary_request_that_does_not_fit_is_refused(ask, metadata, body, message):
    with pytest.raises(SeldonError, match=message):
        ask(Identity(), body, 0, metadata)


@pytest.mark.parametrize("shape", [[1], [-1], [1, 1], []])
@pytest.mark.parametrize("body", [b"427", b"", b"\2\0\0\0ab", b"\xff\xfe"])
def test_a_raw_binary_request_of_bytes_is_one_element_without_a_length(ask, shape, body):
    metadata = {"inputs": [{"name": "x", "datatype": "BYTES", "shape": shape}]}
    response = ask(Identity(), body, 0, metadata)
    (found,) = binary_of(response)
    assert found["shape"] == [1] * len(shape)
    assert response.body.endswith(len(body).to_bytes(4, "little") + body)


def test_the_estimate_of_memory_is_that_of_the_body(make_service):
    service = make_service(Identity())
    codec = codec_of(service)
    assert codec.memory(Method.PREDICT, json.dumps({"inputs": [INPUT]}).encode()) > 0
