from __future__ import annotations

import pytest

from seldon_runtime.plugin import Call, ErrorCode, Method, SeldonError
from seldon_runtime_v2.grpc.codec import FINAL, InferCodec, StreamCodec, failure
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse, ModelStreamInferResponse
from seldon_runtime_v2.mapping.model import ServedModel


class Twice:
    def infer(self, inputs, parameters):
        self.parameters = parameters
        return {"a": inputs["x"], "b": inputs["x"] * 2}

    def tags(self):
        return {"tag": 1, FINAL: False}


@pytest.fixture
def ask(make_service):
    """``ask(request, metadata)``: the answer of ``Twice`` to a request."""

    def ask(request, kind=InferCodec, **metadata):
        service = make_service(Twice(), metadata=metadata)
        model = ServedModel(service, "m")
        codec = kind(model, service.limits, Heads(model))
        answer = service.call(Call(Method.PREDICT, request.SerializeToString(), codec, "test"))
        return answer if kind is StreamCodec else ModelInferResponse.FromString(answer)

    return ask


def test_the_answer_names_the_model_its_version_and_the_request(ask, asked):
    answer = ask(asked("FP32", [0.5], model_name="m", model_version="3", id="7"), versions=["3"])
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "3", "7")
    assert [output.name for output in answer.outputs] == ["a", "b"]
    assert answer.parameters["tag"].int64_param == 1


def test_only_requested_outputs_are_answered_and_once(ask, asked):
    request = asked("FP32", [0.5], model_name="m", raw=True)
    for _ in range(2):
        request.outputs.add(name="b")
    answer = ask(request)
    assert [output.name for output in answer.outputs] == ["b"]
    assert answer.raw_output_contents == [b"\0\0\x80\x3f"]
    request.outputs.add(name="c")
    with pytest.raises(SeldonError, match="no output 'c', expected a, b"):
        ask(request)


def test_another_model_or_version_is_not_found(ask, asked):
    for name, version in [("n", ""), ("", ""), ("m", "2")]:
        with pytest.raises(SeldonError) as caught:
            ask(asked("FP32", [0.5], model_name=name, model_version=version), versions=["3"])
        assert caught.value.code is ErrorCode.NOT_FOUND


def test_a_message_of_a_stream_says_whether_it_is_the_last(ask, asked, make_service):
    answer = ModelStreamInferResponse.FromString(
        ask(asked("FP32", [0.5], model_name="m", id="7"), StreamCodec)
    )
    assert answer.infer_response.id == "7"
    assert answer.infer_response.parameters[FINAL].bool_param
    assert list(answer.infer_response.outputs[1].contents.fp32_contents) == [1.0]
    service = make_service(Twice())
    model = ServedModel(service, "m")
    codec = StreamCodec(model, service.limits, Heads(model))
    message = codec.read(Method.PREDICT, asked("FP32", [0.5], model_name="m").SerializeToString())
    item = ModelStreamInferResponse.FromString(codec.write_item(Method.PREDICT, message))
    assert not item.infer_response.parameters[FINAL].bool_param
    end = ModelStreamInferResponse.FromString(codec.end())
    assert end.infer_response.parameters[FINAL].bool_param
    assert not end.infer_response.outputs


def test_an_error_of_a_stream_names_its_request(make_service, asked):
    service = make_service(Twice())
    model = ServedModel(service, "m")
    codec = StreamCodec(model, service.limits, Heads(model))
    with pytest.raises(SeldonError) as caught:
        codec.read(Method.PREDICT, asked("FP32", [0.5], model_name="n", id="7").SerializeToString())
    answer = ModelStreamInferResponse.FromString(failure(caught.value, codec))
    assert "'n' is not served here" in answer.error_message
    assert answer.infer_response.id == "7"
    assert ModelStreamInferResponse.FromString(failure(SeldonError("a\ud800"), None)).error_message
