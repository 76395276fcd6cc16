"""Messages that differ from earlier ones in their numbers only are read and written as all others are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.plugin import Call, Method, SeldonError
from seldon_runtime_grpc.protobuf import head
from seldon_runtime_v2.grpc.codec import InferCodec
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest, ModelInferResponse
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.tensors.datatypes import DATATYPES, datatype_named

from ..components import Infers, Model, Named

ID, RAW = 3, 7


def field(number, data):
    return head(number, len(data)) + data


def request_of(datatype, shape, contents, name="x", **members):
    message = ModelInferRequest(model_name="m", raw_input_contents=[contents], **members)
    message.inputs.add(name=name, datatype=datatype, shape=shape)
    return message.SerializeToString()


@pytest.fixture(params=[Model, Infers, Named])
def asked(request, make_service):
    """``asked(wire, heads)``: the answer, or the text of the error, of a model ``m``."""
    service = make_service(request.param())
    model = ServedModel(service, "m")

    def asked(wire, heads=None):
        codec = InferCodec(model, service.limits, heads or Heads(model))
        try:
            answer = service.call(Call(Method.PREDICT, wire, codec, "test"))
        except SeldonError as error:
            return str(error), codec.rows
        return ModelInferResponse.FromString(answer), codec.rows

    asked.model = model
    return asked


NUMBERS = sorted(name for name in DATATYPES if name != "BYTES")
NUMBERS_AND_BF16 = [*NUMBERS, "BF16"]


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_with_a_known_head_has_the_answer_of_any_other(asked, data):
    datatype = DATATYPES[data.draw(st.sampled_from(NUMBERS))]
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3))
    size = int(np.prod(shape, dtype=int)) * datatype.item_bytes
    members = data.draw(
        st.fixed_dictionaries(
            {},
            optional={"model_version": st.sampled_from(["", "7"]), "id": st.sampled_from(["", "an id"])},
        )
    )
    heads = Heads(asked.model)
    for _ in range(3):
        wire = request_of(datatype.name, shape, data.draw(st.binary(min_size=size, max_size=size)), **members)
        assert str(asked(wire, heads)) == str(asked(wire))


def test_the_numbers_of_a_known_request_are_a_read_only_view_of_it(asked):
    heads, wire = Heads(asked.model), request_of("FP32", [2], bytes(8))
    assert heads.known(wire) is None
    asked(wire, heads)
    array = heads.known(wire).message(wire).payload.value["x"]
    assert array.base is wire
    assert not array.flags.writeable


def test_what_differs_beside_the_numbers_is_read_anew(asked):
    heads = Heads(asked.model)
    for wire in (
        request_of("FP32", [2], bytes(8)),
        request_of("FP64", [1], bytes(8)),
        request_of("FP32", [1, 2], bytes(8)),
        request_of("BOOL", [8], bytes(8)),
        request_of("BOOL", [8], b"\2" * 8),
        request_of("BYTES", [1], b"\4\0\0\0abcd"),
        request_of("BYTES", [1], b"\5\0\0\0abcd"),
        request_of("FP32", [2], bytes(8), outputs=[{"name": "y"}]),
        request_of("FP32", [2], bytes(8)).replace(b"\x0a\x01m", b"\x0a\x01n"),
    ):
        assert [str(asked(wire, heads)) for _ in range(2)] == [str(asked(wire))] * 2


@pytest.mark.parametrize("datatype", NUMBERS_AND_BF16)
def test_large_contents_of_every_datatype_are_answered_each_time(make_service, datatype):
    """Long contents are answered without a copy, which not every datatype allows."""
    service = make_service(Infers())
    model = ServedModel(service, "m")
    heads = Heads(model)
    wire = request_of(datatype, [1000], bytes(1000 * datatype_named(datatype, "x").item_bytes))
    answers = [
        service.call(Call(Method.PREDICT, wire, InferCodec(model, service.limits, heads), "test"))
        for _ in range(3)
    ]
    assert answers == [answers[0]] * 3


@pytest.mark.parametrize("is_first", [True, False])
def test_bytes_that_only_look_like_contents_at_the_end_are_no_numbers(asked, is_first):
    """The id is behind the contents, and ends as contents would."""
    numbers = np.array([1, 2], "<f4").tobytes()
    message = ModelInferRequest(model_name="m")
    message.inputs.add(name="x", datatype="FP32", shape=[2])
    heads = Heads(asked.model)
    unknown = 1000 if is_first else ID

    def wire(end):
        return message.SerializeToString() + field(RAW, numbers) + field(unknown, field(RAW, end))

    for end in (b"12345678", b"87654321"):
        assert str(asked(wire(end), heads)) == str(asked(wire(end)))
        assert asked(wire(end), heads)[0].raw_output_contents == [numbers]


def test_user_code_that_alters_its_parameters_alters_no_other_request(make_service):
    class Greedy:
        def infer(self, inputs, parameters):
            seen.append(dict(parameters))
            parameters.clear()
            return inputs

    seen = []
    service = make_service(Greedy())
    model = ServedModel(service, "m")
    heads = Heads(model)
    message = ModelInferRequest(model_name="m", raw_input_contents=[bytes(4)])
    message.inputs.add(name="x", datatype="FP32", shape=[1])
    message.parameters["k"].int64_param = 3
    for _ in range(3):
        codec = InferCodec(model, service.limits, heads)
        service.call(Call(Method.PREDICT, message.SerializeToString(), codec, "test"))
    assert seen == [{"k": 3}] * 3


def test_clients_cannot_fill_the_memory(asked):
    heads = Heads(asked.model)
    for number in range(1000):
        asked(request_of("FP32", [1], bytes(4), "n" * 5 * number), heads)
        asked(request_of("UINT8", [number], bytes(number)), heads)
    kept = [*heads._requests.values(), *heads._answers.values()]
    assert 0 < len(kept) <= 512
    assert all(len(getattr(one, "head", one)) <= 4096 for one in kept)
