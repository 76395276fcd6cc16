"""Requests and answers whose JSON is that of earlier ones are treated as all others are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.plugin import Call, Method, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec
from seldon_runtime_v2.rest.heads import Heads
from seldon_runtime_v2.tensors.datatypes import DATATYPES, datatype_named

from ..components import Infers, Model, Named

NUMBERS = sorted(name for name in DATATYPES if name != "BYTES")
OUTPUT = "output-0"


class Odd:
    """Answers another byte order, columns that are not in one piece, or two arrays in turn."""

    def predict(self, X, names):
        match X.reshape(-1)[:1].tolist():
            case [7]:
                return X.astype(">f8")
            case [8]:
                return np.repeat(X, 2)[::2]
            case [9]:
                return {"a": X, "b": X}
        return X.T


class Tags(Model):
    def tags(self):
        return {"tag": 1}


class Parameters:
    def infer(self, inputs, parameters):
        return {"n": np.array([len(parameters)])}


@pytest.fixture(params=[Model, Infers, Named, Odd, Tags, Parameters])
def asked(request, make_service):
    """``asked(body, start, heads)``: the response or the error, and the rows, of a model ``m``."""
    service = make_service(request.param())
    model = ServedModel(service, "m")

    def asked(body, start, heads=None):
        codec = InferCodec(model, service.limits, heads or Heads(model, service.limits), start)
        try:
            answer = service.call(Call(Method.PREDICT, body, codec, "test"))
        except SeldonError as error:
            return error.code, str(error), codec.rows
        return answer.status, answer.body, answer.content_type, answer.headers, codec.rows

    asked.new_heads = lambda: Heads(model, service.limits)
    asked.model = model
    return asked


def request_of(datatype, shape, data, *, size=None, given=(), **members):
    """The body of a request, and the place where its binary data begin."""
    parameters = {"binary_data_size": len(data) if size is None else size, **dict(given)}
    tensor = {"name": "x", "datatype": datatype, "shape": shape, "parameters": parameters}
    text = json.dumps({"inputs": [tensor], **members}).encode()
    return text + data, len(text)


members = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["7", None]),
        "parameters": st.sampled_from(
            [
                {"binary_data_output": True},
                {"binary_data_output": False},
                {"binary_data_output": True, "a": 1},
            ]
        ),
        "outputs": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from([OUTPUT, "x", "y", "other"])},
                optional={"parameters": st.sampled_from([{"binary_data": True}, {"binary_data": False}])},
            ),
            max_size=2,
        ),
    },
)


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_like_an_earlier_one_has_the_answer_of_any_other(asked, data):
    datatype = DATATYPES[data.draw(st.sampled_from(NUMBERS))]
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3))
    size = int(np.prod(shape, dtype=int)) * datatype.item_bytes
    beside = data.draw(members)
    given = data.draw(st.sampled_from([{}, {}, {}, {"content_type": "np"}]))
    heads = asked.new_heads()
    for _ in range(4):
        start = data.draw(
            st.sampled_from([b"", np.array([data.draw(st.integers(7, 9))], datatype.dtype).tobytes()])
        )
        numbers = (start + data.draw(st.binary(min_size=size, max_size=size)))[:size]
        rest = data.draw(st.sampled_from([b"", b"", b"", b"more"]))
        body, length = request_of(datatype.name, shape, numbers, given=given, **beside)
        body = body[: len(body) - 1] if data.draw(st.integers(0, 9)) == 0 else body + rest
        assert asked(body, length, heads) == asked(body, length)


@pytest.mark.parametrize("datatype", [*NUMBERS, "BF16"])
@pytest.mark.parametrize("count", [2, 1000])
def test_data_of_every_datatype_are_answered_each_time(asked, datatype, count):
    """Long data are answered without a copy, which not every datatype allows."""
    data = bytes(count * datatype_named(datatype, "x").item_bytes)
    heads = asked.new_heads()
    body, start = request_of(datatype, [count], data, parameters={"binary_data_output": True})
    for _ in range(3):
        assert asked(body, start, heads) == asked(body, start)


def test_the_numbers_of_a_known_request_are_a_read_only_view_of_it(asked):
    heads = asked.new_heads()
    body, start = request_of("FP32", [2], bytes(8))
    assert heads.binary.known(body, start) is None
    asked(body, start, heads)
    array = heads.binary.known(body, start).message(body).payload.value["x"]
    assert array.base is body
    assert not array.flags.writeable


def test_what_differs_beside_the_numbers_is_read_anew(asked):
    heads = asked.new_heads()
    for body, start in (
        request_of("FP32", [2], bytes(8)),
        request_of("FP32", [2], bytes(8), parameters={"binary_data_output": True}),
        request_of("FP32", [2], bytes(8), outputs=[{"name": OUTPUT, "parameters": {"binary_data": True}}]),
        request_of("FP32", [2], bytes(8), outputs=[{"name": "x", "parameters": {"binary_data": True}}]),
        request_of("FP64", [1], bytes(8)),
        request_of("FP32", [1, 2], bytes(8)),
        request_of("BOOL", [8], bytes(8)),
        request_of("BOOL", [8], b"\2" * 8),
        request_of("BYTES", [1], b"\4\0\0\0abcd"),
        request_of("BYTES", [1], b"\5\0\0\0abcd"),
        request_of("FP32", [2], bytes(7), size=8),
        request_of("FP32", [2], bytes(9), size=8),
        request_of("FP32", [2], bytes(8), id="7"),
        request_of("FP32", [2], bytes(8), given={"binary_data": True}),
    ):
        assert [asked(body, start, heads) for _ in range(3)] == [asked(body, start)] * 3


def test_a_request_with_an_id_is_not_remembered(asked):
    heads = asked.new_heads()
    asked(*request_of("FP32", [2], bytes(8), id="7"), heads)
    assert not heads.binary._requests


def test_clients_cannot_fill_the_memory(asked):
    heads = asked.new_heads()
    for number in range(600):
        asked(*request_of("UINT8", [number + 1], bytes(number + 1), extra="n" * 9 * number), heads)
        asked(
            *request_of("UINT8", [number + 1], bytes(number + 1), parameters={"binary_data_output": True}),
            heads,
        )
    kept = heads.binary
    assert 0 < len(kept._requests) <= 256
    assert len(kept._answers) <= 256
    assert all(len(text) <= 4096 for text in kept._requests)
    assert all(len(answer.body) <= 4096 for answer in kept._answers.values())


def test_parameters_of_each_request_reach_the_component(asked):
    heads = asked.new_heads()
    body, start = request_of("FP32", [2], bytes(8), parameters={"binary_data_output": True, "a": 1})
    assert [asked(body, start, heads) for _ in range(3)] == [asked(body, start)] * 3
