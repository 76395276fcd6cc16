from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import ARRAYS, NDARRAY, Kind, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.requests import message_of
from seldon_runtime_v2.mapping.tensors import InputTensor
from seldon_runtime_v2.tensors.datatypes import BYTES, DATATYPES

from ..components import Infers, Model


def texts(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def text(*values, **parameters):
    return InputTensor("t", BYTES, texts(*values), parameters)


def numbers(name="x", shape=(2,), **parameters):
    return InputTensor(name, DATATYPES["FP32"], np.zeros(shape, np.float32), parameters)


@pytest.fixture
def message(make_service):
    def message(*inputs, user=Model, metadata=None, parameters=None, request_id=None):
        model = ServedModel(make_service(user(), metadata=metadata))
        return message_of(model, inputs, parameters or {}, request_id)

    return message


def test_the_only_input_keeps_its_name_and_type(message):
    made = message(numbers(), parameters={"a": 1}, request_id="7")
    assert made.payload.kind is ARRAYS
    assert {name: array.dtype for name, array in made.payload.value.items()} == {"x": np.dtype("f4")}
    assert (made.meta.puid, made.given_meta) == ("7", {"puid": "7", "tags": {"a": 1}})
    assert list(made.payload.names) == []
    assert message(numbers()).given_meta == {"tags": {}}
    assert (
        message(numbers()).given_meta["tags"] is not message(numbers()).given_meta["tags"]
    )  # may be altered


@pytest.mark.parametrize(
    ("user", "values", "wanted"),
    [
        (Model, (b"a", "\u00e9".encode()), ["a", "\u00e9"]),
        (Model, ("a", "b"), ["a", "b"]),
        (Model, (b"a", b"\xff"), [b"a", b"\xff"]),
        (Infers, (b"a", b"\xff"), [b"a", b"\xff"]),
    ],
)
def test_bytes_are_text_for_predict_and_bytes_for_infer(message, user, values, wanted):
    assert message(text(*values), user=user).payload.value["t"].tolist() == wanted


@pytest.mark.parametrize("of_request", [True, False])
@pytest.mark.parametrize("user", [Model, Infers])
def test_content_types_of_an_input_or_of_the_request(message, user, of_request):
    def asked(value, content_type):
        own = {} if of_request else {"content_type": content_type}
        parameters = {"content_type": content_type} if of_request else {}
        return message(text(value, **own), user=user, parameters=parameters).payload.value["t"]

    assert asked(b"YWI=", "base64").tolist() == [b"ab"]
    assert asked(b"2026-01-02", "datetime").dtype == np.dtype("datetime64[us]")
    for same in ("str", "np", "nosuch"):
        assert asked(b"ab", same).tolist() == [b"ab" if user is Infers else "ab"]


def test_the_content_type_of_an_input_wins(message):
    made = message(text(b"YWI=", content_type="str"), parameters={"content_type": "base64"})
    assert made.payload.value["t"].tolist() == ["YWI="]


def test_pd_makes_a_column_of_the_only_input(message):
    made = message(numbers(), parameters={"content_type": "pd"})
    assert (made.payload.value["x"].shape, made.payload.names) == ((2, 1), ["x"])
    made = message(numbers(shape=(2, 1)), parameters={"content_type": "pd"})
    assert (made.payload.value["x"].shape, made.payload.names) == ((2, 1), ["x"])
    assert message(numbers(shape=(1, 2)), parameters={"content_type": "pd"}).payload.names == []


def test_names_come_from_the_input_or_from_the_metadata(message):
    assert message(numbers(shape=(1, 2), names="a, b")).payload.names == ["a", "b"]
    metadata = {"inputs": [{"messagetype": "ndarray", "schema": {"names": ["c", "d"]}}]}
    assert message(numbers(shape=(1, 2)), metadata=metadata).payload.names == ["c", "d"]
    assert message(numbers(shape=(1, 3)), metadata=metadata).payload.names == []


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("binData", b"\xff", b"\xff"),
        ("binData", "a", b"a"),
        ("image/png", "a", b"a"),
        ("strData", b"a", "a"),
        ("strData", "a", "a"),
    ],
)
def test_one_element_of_bytes_is_what_the_class_declares(message, kind, value, wanted):
    made = message(text(value), metadata={"inputs": [{"messagetype": kind}]})
    assert (made.payload.kind, made.payload.value) == (Kind.STR if kind == "strData" else Kind.BINARY, wanted)


def test_several_inputs_stay_named(message):
    made = message(numbers("b"), text(b"u", b"v"))
    assert list(made.payload.value) == ["b", "t"]
    assert made.payload.value["t"].tolist() == ["u", "v"]


def test_a_predictor_without_arrays_receives_one(make_service, message, monkeypatch):
    from seldon_runtime.plugin import Message, Method, Predictor

    class Own(Predictor):
        methods = frozenset({Method.PREDICT})

        def predict(self, method, request):
            return Message(request.payload)

    made = message_of(ServedModel(make_service(Own())), [numbers("a"), numbers("b")], {}, None)
    assert made.payload.kind is NDARRAY
    assert made.payload.value.shape == (2, 2)


def test_inputs_need_names_of_their_own(message):
    with pytest.raises(SeldonError, match="two inputs of one name"):
        message(numbers(), numbers())
    with pytest.raises(SeldonError, match="no inputs"):
        message()
