from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.mapping.declared_inputs import check_inputs, check_outputs
from seldon_runtime_v2.mapping.model import Declared
from seldon_runtime_v2.mapping.tensors import InputTensor
from seldon_runtime_v2.tensors.datatypes import DATATYPES

FP32, INT8 = DATATYPES["FP32"], DATATYPES["INT8"]
DECLARED = {"a": Declared("a", FP32, (-1, 2)), "b": Declared("b", INT8, ())}


def given(name, datatype=FP32, shape=(3, 2)):
    return InputTensor(name, datatype, np.zeros(shape, datatype.dtype))


B = given("b", INT8, ())


def test_inputs_that_fit_pass():
    check_inputs([B, given("a")], DECLARED)
    check_inputs([given("a", shape=(0, 2)), B], DECLARED)
    check_inputs([given("x"), given("y", INT8)], {})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([given("c"), B], "the model has no input 'c', expected a, b"),
        ([given("a", INT8), B], "the input 'a' has the datatype INT8, expected FP32"),
        ([given("a", shape=(3, 3)), B], r"the input 'a' has the shape \[3, 3\], expected \[-1, 2\]"),
        ([given("a", shape=(2,)), B], r"the input 'a' has the shape \[2\]"),
        ([given("a", shape=(1, 2, 1)), B], "the input 'a' has the shape"),
        ([given("a")], "the input 'b' is missing, expected a, b"),
    ],
)
def test_an_input_that_breaks_the_promise_is_named(inputs, message):
    with pytest.raises(SeldonError, match=message):
        check_inputs(inputs, DECLARED)


def test_an_unknown_output_is_named():
    check_outputs(["b"], DECLARED)
    with pytest.raises(SeldonError, match="the model has no output 'c', expected a, b"):
        check_outputs(["a", "c"], DECLARED)
