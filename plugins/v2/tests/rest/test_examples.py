from __future__ import annotations

import pytest

from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.examples import example_inputs

from ..components import Model

GENERAL = {"name": "input-0", "datatype": "FP64", "shape": [1, 2], "data": [1.0, 2.0]}


@pytest.fixture
def model_of(make_service):
    def model_of(*inputs):
        declared = [{"name": name, "datatype": kind, "shape": shape} for name, kind, shape in inputs]
        return ServedModel(make_service(Model(), metadata={"inputs": declared}))

    return model_of


def test_declared_tensors_have_an_example_in_their_datatype_and_shape(model_of):
    model = model_of(("a", "FP32", [-1, 2]), ("b", "BYTES", [-1]), ("c", "BOOL", []), ("d", "UINT8", [1]))
    assert example_inputs(model, []) == [
        {"name": "a", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 1.0]},
        {"name": "b", "datatype": "BYTES", "shape": [1], "data": ["text"]},
        {"name": "c", "datatype": "BOOL", "shape": [], "data": [True]},
        {"name": "d", "datatype": "UINT8", "shape": [1], "data": [1]},
    ]


@pytest.mark.parametrize(
    ("described", "example"),
    [
        (
            {"messagetype": "ndarray", "schema": {"names": ["x", "y"]}},
            {
                "name": "input-0",
                "datatype": "FP64",
                "shape": [1, 2],
                "data": [1.0, 1.0],
                "parameters": {"names": "x,y"},
            },
        ),
        (
            {"messagetype": "tensor", "schema": {"shape": [-1, 3]}},
            {"name": "input-0", "datatype": "FP64", "shape": [1, 3], "data": [1.0] * 3},
        ),
        (
            {"messagetype": "strData"},
            {"name": "input-0", "datatype": "BYTES", "shape": [1], "data": ["text"]},
        ),
        (
            {"messagetype": "jsonData", "schema": {"type": "object"}},
            {"name": "input-0", "datatype": "FP64", "shape": [1], "data": [1.0]},
        ),
        (
            {"messagetype": "jsonData", "schema": {"type": "array", "items": {"enum": ["a"]}}},
            {"name": "input-0", "datatype": "BYTES", "shape": [1], "data": ["a"]},
        ),
        (
            {"messagetype": "ndarray", "schema": {"datatype": "BOOL"}},
            {"name": "input-0", "datatype": "BOOL", "shape": [1, 2], "data": [True, True]},
        ),
        ({"messagetype": "jsonData", "schema": {"properties": {"a": {"type": "array"}}}}, GENERAL),
        ({"messagetype": "tensor", "schema": {"shape": [1001]}}, GENERAL),
    ],
)
def test_inputs_of_v1_and_columns_have_an_example(model_of, described, example):
    assert example_inputs(model_of(), [described]) == [example]


def test_an_unknown_or_too_large_model_has_the_general_example(model_of):
    assert example_inputs(model_of(), []) == [GENERAL]
    assert example_inputs(model_of(("a", "FP32", [1001])), []) == [GENERAL]


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_record_has_an_example_of_its_columns(model_of, is_listed):
    kinds = {"age": "integer", "score": "number", "plan": "string", "is_new": "boolean"}
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in kinds.items()}}
    described = {
        "messagetype": "jsonData",
        "schema": {"type": "array", "items": schema} if is_listed else schema,
    }
    assert example_inputs(model_of(), [described]) == [
        {"name": "age", "datatype": "INT64", "shape": [1], "data": [1]},
        {"name": "score", "datatype": "FP64", "shape": [1], "data": [1.0]},
        {"name": "plan", "datatype": "BYTES", "shape": [1], "data": ["text"]},
        {"name": "is_new", "datatype": "BOOL", "shape": [1], "data": [True]},
    ]
