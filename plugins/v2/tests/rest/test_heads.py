"""Requests and answers that differ from earlier ones in their numbers only are treated as all others are."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.plugin import Call, Method, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec
from seldon_runtime_v2.rest.heads import Heads
from seldon_runtime_v2.tensors.datatypes import DATATYPES

from ..components import Infers, Model, Named

NUMBERS = sorted(name for name in DATATYPES if name != "BYTES")


class Odd:
    """Answers what JSON has no number for, or another type."""

    def predict(self, X, names):
        match X.reshape(-1)[:1].tolist():
            case [7]:
                return np.full(X.shape, np.inf)
            case [8]:
                return np.full(X.shape, np.nan)
            case [9]:
                return X.astype(">f8")
            case [-1]:
                return np.repeat(X.reshape(-1), 2)[::2]
        return X.T


@pytest.fixture(params=[Model, Infers, Named, Odd])
def asked(request, make_service):
    """``asked(body, heads)``: the response, or the text of the error, and the rows, of a model ``m``."""
    service = make_service(request.param())
    limits = service.limits
    models = {form: ServedModel(service, "m", form) for form in NonFinite}

    def asked(body, heads=None, non_finite=NonFinite.NULL):
        model = models[non_finite]
        codec = InferCodec(model, limits, heads or Heads(model, limits), None)
        try:
            answer = service.call(Call(Method.PREDICT, body, codec, "test"))
        except SeldonError as error:
            return error.code, str(error), codec.rows
        return answer.status, answer.body, answer.headers, codec.rows

    asked.new_heads = lambda: Heads(models[NonFinite.NULL], limits)
    return asked


values = st.one_of(
    st.integers(-9, 300),
    st.sampled_from([-1, 7, 8, 9]),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [-0.0, 0.1, 65519.99, 65520, 3.4028234e38, 3.4028235677973366e38, 1e39, 16777217, 9007199254740993]
    ),
)
words = st.sampled_from(
    ["NaN", "null", "true", '"a"', '"]"', "1e999", "-1e-999", "01", "[1]", "{}", "", "1.0"]
)
spaces = st.sampled_from(["", " ", "\n"])


@st.composite
def data_of(draw, shape):
    """The text of ``data``: mostly what fits the shape, flat or nested."""
    count = int(np.prod(shape, dtype=int)) + draw(st.sampled_from([0] * 12 + [1, -1]))
    texts = [draw(words) if draw(st.integers(0, 40)) == 0 else json.dumps(draw(values)) for _ in range(count)]
    if len(shape) < 2 or draw(st.booleans()):
        return f"[{', '.join(texts)}]"
    columns = max(1, shape[-1] + draw(st.sampled_from([0] * 12 + [1])))
    rows = [texts[start : start + columns] for start in range(0, len(texts), columns)]
    return "[" + ",".join("[" + ",".join(row) + "]" for row in rows) + "]"


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_like_an_earlier_one_has_the_answer_of_any_other(asked, data):
    datatype = data.draw(st.sampled_from(NUMBERS))
    shape = data.draw(st.lists(st.integers(0, 3), min_size=0, max_size=3))
    members = [f'"name":{data.draw(spaces)}"x"', f'"shape": {shape}', f'"datatype":"{datatype}"', "DATA"]
    members = data.draw(st.permutations(members))
    beside = data.draw(
        st.sampled_from(["", '"id":"7",', '"parameters":{"a":[1]},', '"outputs":[],', '"data":[1],'])
    )
    text = f'{{{beside}"inputs":{data.draw(spaces)}[{{{",".join(members)}}}]}}{data.draw(spaces)}'
    non_finite = data.draw(st.sampled_from(NonFinite))
    heads = asked.new_heads()
    for _ in range(4):
        numbers = f'"data":{data.draw(spaces)}{data.draw(data_of(shape))}'
        body = text.replace("DATA", numbers).encode()
        assert asked(body, heads, non_finite) == asked(body, None, non_finite)


@pytest.mark.parametrize("value", [7, 8])
@pytest.mark.parametrize(
    "text",
    [
        '{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[3]}],'
        '"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[%d]}]}',
        '{"inputs":[{"d\\u0061ta":[%d],"name":"data","datatype":"INT64","shape":[1]}]}',
    ],
)
def test_the_last_of_members_that_come_twice_counts_in_each_request(asked, text, value):
    heads, body = asked.new_heads(), (text % value).encode()
    for _ in range(3):
        assert asked(body, heads) == asked(body)


def body_of(**changes):
    tensor = {"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2]} | changes
    return json.dumps({"inputs": [tensor]}).encode()


def test_what_differs_beside_the_numbers_is_read_anew(asked):
    heads, body = asked.new_heads(), body_of()
    for each in (
        body,
        body_of(shape=[1, 2]),
        body_of(shape=[1, 2], data=[[1, 2]]),
        body_of(shape=[2, 2], data=[[1, 2], [3, 4]]),
        body_of(shape=[2, 2], data=[[1, 2, 3], [4]]),
        body_of(shape=[2, 2], data=[[1, 2], [3, 4], []]),
        body_of(datatype="INT64"),
        body_of(datatype="BF16"),
        body_of(datatype="BOOL", data=[0, 1]),
        body_of(name='"data":[1, 2]'),
        body_of(name='"data":[3, 4]'),
        body_of(parameters={"data": [1, 2]}),
        body.replace(b'"data": [1, 2]', b'"data": [1, 2], "data": [3, 4]'),
        body.replace(b'"data": [1, 2]', b'"data": [5, 6], "data": [3, 4]'),
        body.replace(b"}]}", b"}, 1]}"),
        body.replace(b"}]}", b"}]"),
        body.decode().encode("utf-16"),
        b'{"data": [1, 2],' + body[1:],
        b'{"more": {"data": [5, 6]},' + body[1:],
        b'{"data": [5, 6],' + body[1:],
    ):
        assert [asked(each, heads) for _ in range(2)] == [asked(each)] * 2


def test_a_known_request_is_not_parsed(asked):
    heads = asked.new_heads()
    assert heads.read(body_of()) is None
    asked(body_of(), heads)
    known, message = heads.read(body_of(data=[3.5, -4]))
    (array,) = message.payload.value.values()
    assert (known.rows, array.dtype, array.tolist(), array.flags.writeable) == (
        1,
        np.float32,
        [3.5, -4],
        True,
    )
    assert heads.read(body_of(name="y")) is None
    assert heads.read(body_of(data=[3.5, -4])) is not None  # also after others


def test_a_column_of_a_larger_array_is_answered_each_time(make_service):
    class Classifier:
        def predict(self, X, names):
            return np.stack([1 - X, X], axis=1)[:, 1]

    service = make_service(Classifier())
    model, limits = ServedModel(service, "m"), service.limits
    heads, body = Heads(model, limits), body_of(data=[0.25, 0.5])
    answers = [
        service.call(Call(Method.PREDICT, body, InferCodec(model, limits, heads, None), "test"))
        for _ in range(3)
    ]
    assert [json.loads(answer.body)["outputs"][0]["data"] for answer in answers] == [[0.25, 0.5]] * 3


def test_an_answer_with_names_of_columns_is_not_taken_for_one_without(make_service):
    class Alternates:
        def predict(self, X, names):
            return X

        def class_names(self):
            return next(names)

    names = iter([None, ["a", "b"], None])
    service = make_service(Alternates())
    model, limits = ServedModel(service, "m"), service.limits
    heads, body = Heads(model, limits), body_of(shape=[1, 2])
    answers = [
        service.call(Call(Method.PREDICT, body, InferCodec(model, limits, heads, None), "test"))
        for _ in range(3)
    ]
    assert [b'"names":"a,b"' in answer.body for answer in answers] == [False, True, False]


def test_a_request_with_an_id_is_not_remembered(asked):
    heads, body = asked.new_heads(), b'{"id":"1",' + body_of()[1:]
    asked(body, heads)
    assert not heads._requests


def test_clients_cannot_fill_the_memory(asked):
    heads = asked.new_heads()
    for number in range(600):
        asked(body_of(name="n" * number), heads)
        asked(body_of(datatype="UINT8", shape=[number + 1], data=[1] * (number + 1)), heads)
    assert 0 < len(heads._requests) <= 256
    assert 0 < len(heads._answers) <= 256
    assert all(len(before) + len(behind) < 1024 for before, behind in heads._requests)
