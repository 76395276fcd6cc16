from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import (
    ARRAYS,
    NDARRAY,
    TENSOR,
    ErrorCode,
    Kind,
    Message,
    Meta,
    Payload,
    SeldonError,
)
from seldon_runtime_v2.mapping.answers import outputs_of, parameters_of
from seldon_runtime_v2.mapping.model import ServedModel

from ..components import Model


@pytest.fixture
def outputs(make_service):
    def outputs(kind, value, names=(), declared=(), requested=None):
        model = ServedModel(make_service(Model(), metadata={"outputs": list(declared)}))
        return outputs_of(model, Message(Payload(kind, value, names)), requested)

    return outputs


def described(found):
    return [(output.name, output.datatype.name, output.array.tolist()) for output in found]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (
            ARRAYS,
            {"a": np.array([1], np.uint8), "b": np.array([1.5])},
            [("a", "UINT8", [1]), ("b", "FP64", [1.5])],
        ),
        (ARRAYS, {"a": np.array(["\u00e9"])}, [("a", "BYTES", ["\u00e9"])]),
        (ARRAYS, {"a": np.array([2], ">i4")}, [("a", "INT32", [2])]),
        (ARRAYS, {"a": np.array([1, 0.5], object)}, [("a", "FP64", [1, 0.5])]),
        (ARRAYS, {"a": np.array([[1, 2]], object)}, [("a", "INT64", [[1, 2]])]),
        (ARRAYS, {"a": np.array([], object)}, [("a", "BYTES", [])]),
        (TENSOR, np.array([[1.5]], np.float32), [("output-0", "FP32", [[1.5]])]),
        (NDARRAY, [["a", "b"]], [("output-0", "BYTES", [["a", "b"]])]),
        (NDARRAY, [1, 2], [("output-0", "INT64", [1, 2])]),
        (NDARRAY, [[1], [1, 2]], [("output-0", "BYTES", [b"[1]", b"[1, 2]"])]),
        (NDARRAY, [{"a": 1}], [("output-0", "BYTES", [b'{"a": 1}'])]),
        (ARRAYS, {"a": np.array([1, "x"], object)}, [("a", "BYTES", [b"1", b"x"])]),
        (Kind.STR, "t", [("output-0", "BYTES", ["t"])]),
        (Kind.BINARY, b"\xff", [("output-0", "BYTES", [b"\xff"])]),
        (Kind.JSON, {"a": 1}, [("output-0", "BYTES", ['{"a": 1}'])]),
    ],
)
def test_every_payload_has_outputs(outputs, kind, value, wanted):
    assert described(outputs(kind, value)) == wanted


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ARRAYS, {"a": np.array([1j])}),
        (ARRAYS, {"a": np.array([None, "x"], object)}),
        (ARRAYS, {"a": np.array([object()])}),
        (Kind.CUSTOM, object()),
    ],
)
def test_what_v2_cannot_hold_is_the_components_fault(outputs, kind, value):
    with pytest.raises(SeldonError) as error:
        outputs(kind, value)
    assert error.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("name", ["int4", "float8_e4m3fn"])
def test_numbers_of_types_that_v2_lacks_are_floats(outputs, name):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    found = outputs(ARRAYS, {"y": np.array([1, -2], getattr(ml_dtypes, name))})
    assert described(found) == [("y", "FP32", [1.0, -2.0])]


def declared(datatype):
    return [{"name": "y", "datatype": datatype, "shape": [-1]}]


@pytest.mark.parametrize(
    ("datatype", "given", "wanted"),
    [("FP32", [0.5], [0.5]), ("FP32", [1], [1.0]), ("INT8", [127], [127]), ("FP64", [0.5], [0.5])],
)
def test_numbers_become_the_declared_datatype(outputs, datatype, given, wanted):
    found = outputs(ARRAYS, {"y": np.array(given)}, declared=declared(datatype))
    assert described(found) == [("y", datatype, wanted)]


@pytest.mark.parametrize("datatype", ["FP32", "INT8", "BOOL", "BYTES"])
@pytest.mark.parametrize("given", [[], np.array([], object), np.array([], bool)])
def test_an_output_without_elements_has_the_declared_datatype(outputs, datatype, given):
    found = outputs(ARRAYS, {"y": np.array(given)}, declared=declared(datatype))
    assert described(found) == [("y", datatype, [])]


@pytest.mark.parametrize(
    ("datatype", "given"),
    [("INT8", [128]), ("INT8", [1.0]), ("FP16", [1e9]), ("FP32", ["a"]), ("BYTES", [1])],
)
def test_an_output_that_breaks_the_promise_is_the_components_fault(outputs, datatype, given):
    with pytest.raises(SeldonError, match="the component's output 'y'"):
        outputs(ARRAYS, {"y": np.array(given)}, declared=declared(datatype))


def test_only_requested_outputs_are_answered_in_their_order(outputs):
    arrays = {name: np.array([1]) for name in "abc"}
    assert [found.name for found in outputs(ARRAYS, arrays, requested=["c", "a"])] == ["c", "a"]
    with pytest.raises(SeldonError, match="the model has no output 'd', expected a, b, c"):
        outputs(ARRAYS, arrays, requested=["d"])


def test_the_names_of_columns_are_a_parameter_unless_the_runtime_made_them(outputs):
    table = np.ones((1, 2))
    (named,) = outputs(ARRAYS, {"y": table}, names=("no", "yes"))
    assert named.parameters == {"names": "no,yes"}
    (unnamed,) = outputs(TENSOR, table, names=("t:0", "t:1"))
    assert unnamed.parameters == {}


def test_a_declared_output_that_the_answer_lacks_is_the_components_fault(outputs):
    with pytest.raises(SeldonError, match="no output 'y', which the model declares") as error:
        outputs(ARRAYS, {"z": np.array([1.0])}, declared=declared("FP64"), requested=["y"])
    assert error.value.code is ErrorCode.COMPONENT_FAILED


def test_half_a_surrogate_pair_in_a_name_or_tag_is_the_components_fault(outputs):
    half = "\ud800"
    with pytest.raises(SeldonError, match=r"the output name .* lone surrogate") as name:
        outputs(ARRAYS, {half: np.array([1.0])})
    with pytest.raises(SeldonError, match=r"the column names .* lone surrogate") as column:
        outputs(ARRAYS, {"y": np.ones((1, 1))}, names=(half,))
    errors = [name, column]
    for tags in ({half: 1}, {"a": half}, {"a": [half]}):
        with pytest.raises(SeldonError, match=r"the tag .* lone surrogate") as tag:
            parameters_of(Message(None, Meta(tags=tags)))
        errors.append(tag)
    assert {error.value.code for error in errors} == {ErrorCode.COMPONENT_FAILED}


def test_tags_are_parameters():
    large = Meta(tags={"a": 2**64 - 1, "b": 2**64, "c": -(2**63), "d": -(2**63) - 1})
    assert parameters_of(Message(None, large)) == {
        "a": 2**64 - 1,
        "b": str(2**64),
        "c": -(2**63),
        "d": str(-(2**63) - 1),
    }
    meta = Meta(tags={"a": 1, "b": "x", "c": True, "d": [1, {"e": None}], "f": None})
    assert parameters_of(Message(None, meta)) == {"a": 1, "b": "x", "c": True, "d": '[1, {"e": null}]'}
