from __future__ import annotations

import pytest

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.flat_request import parse, split

from ..components import Infers


class Predicts:
    def predict(self, X, names):
        return X


@pytest.fixture
def split_by(make_service):
    """``split_by(fields, inputs, user)``: the parts of a request to a model that declares these inputs."""

    def split_by(fields, inputs=(), user=None):
        declared = [{"name": name, "datatype": kind, "shape": shape} for name, kind, shape in inputs]
        service = make_service(user or Predicts(), metadata={"inputs": declared})
        tensors, parameters, request_id = split(ServedModel(service), fields, Limits())
        found = {each.name: (each.datatype.name, each.array.shape, each.array.tolist()) for each in tensors}
        return found, parameters, request_id

    return split_by


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("text", ("BYTES", (1,), ["text"])),
        (True, ("BOOL", (1,), [True])),
        (3, ("INT64", (1,), [3])),
        (1.5, ("FP64", (1,), [1.5])),
        ([1, 1.5], ("FP64", (2,), [1, 1.5])),
        ([[1, 2], [3, 4]], ("INT64", (2, 2), [[1, 2], [3, 4]])),
        ([], ("FP64", (0,), [])),
        (["a", "b"], ("BYTES", (2,), ["a", "b"])),
    ],
)
def test_members_are_inputs_of_the_type_of_their_values_if_none_are_declared(split_by, value, found):
    assert split_by({"x": value}) == ({"x": found}, {}, None)


def test_a_class_with_infer_receives_bytes(split_by):
    assert split_by({"x": "text"}, user=Infers())[0]["x"] == ("BYTES", (1,), [b"text"])


def test_declared_inputs_are_tensors_and_other_members_parameters(split_by):
    fields = {"a": 1, "temperature": 0.5, "id": "7", "parameters": {"top": 3}}
    found = split_by(fields, [("a", "FP32", [-1, 1])])
    assert found == ({"a": ("FP32", (1, 1), [[1]])}, {"temperature": 0.5, "top": 3}, "7")


def test_a_declared_input_may_be_called_as_the_id(split_by):
    assert split_by({"id": 7}, [("id", "INT32", [1])]) == ({"id": ("INT32", (1,), [7])}, {}, None)


@pytest.mark.parametrize(
    ("value", "shape", "wanted"),
    [
        (1, [], ()),
        (1, [1], (1,)),
        (1, [-1, 1, 1], (1, 1, 1)),
        ([1, 2], [-1, 2], (1, 2)),
        ([[1, 2], [3, 4]], [-1, 2], (2, 2)),
    ],
)
def test_missing_leading_sizes_of_a_declared_input_are_one(split_by, value, shape, wanted):
    assert split_by({"a": value}, [("a", "FP32", shape)])[0]["a"][1] == wanted


@pytest.mark.parametrize(
    ("fields", "inputs", "message"),
    [
        ({"id": 1}, (), "id is 1, expected text"),
        ({"parameters": 1}, (), "parameters is 1, expected an object"),
        ({"parameters": {"a": [1]}}, (), r"'a' is \[1\], which is not a parameter"),
        ({"b": [1]}, [("a", "FP32", [1])], "the model declares no input of that name"),
        ({"a": {"b": 1}}, (), "'a' has values of dict"),
        ({"a": [1, "b"]}, (), "'a' has values of int, str"),
        ({"a": [[1], [2, 3]]}, (), r"rows of 1 at depth 1; got lengths \[1, 2\]"),
        ({"a": "text"}, [("a", "FP32", [1])], "expected a number"),
        ({"a": 300}, [("a", "UINT8", [1])], "expected a whole number, 0 to 255"),
    ],
)
def test_values_of_a_wrong_type_are_refused(split_by, fields, inputs, message):
    with pytest.raises(SeldonError, match=message):
        split_by(fields, inputs)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b'{"a": 1e400}'])
def test_a_body_that_is_not_a_valid_json_object_is_refused(body):
    with pytest.raises(SeldonError, match="JSON"):
        parse(body, Limits())


def test_deep_nesting_is_refused():
    with pytest.raises(SeldonError, match="nest"):
        parse(b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}", Limits())
