from __future__ import annotations

import pytest

from seldon_runtime.plugin import ErrorCode, Identity, Method, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel

from ..components import Infers, Model

TENSOR = {"name": "a", "datatype": "FP32", "shape": [-1, 2]}


class Transformer:
    def transform_input(self, X, names):
        return X


@pytest.fixture
def model_of(make_service):
    def model_of(metadata=None, user=None, unit=None, name=None):
        service = make_service(user or Model(), identity=Identity(unit=unit), metadata=metadata)
        return ServedModel(service, name)

    return model_of


def test_the_name_is_the_setting_else_the_unit_else_the_class(model_of):
    assert model_of().name == "Model"
    assert model_of(unit="unit").name == "unit"
    assert model_of(unit="unit", name="own").name == "own"


def test_only_this_model_and_its_first_version_are_served(model_of):
    model = model_of({"versions": ["3", "2"]})
    model.require("Model")
    model.require("Model", "3")
    assert model.metadata()["versions"] == ["3"]
    for name, version in (("Other", None), ("Model", "2"), ("Model", "")):
        with pytest.raises(SeldonError) as error:
            model.require(name, version)
        assert error.value.code is ErrorCode.NOT_FOUND
    assert (model.version, model_of({"versions": [""]}).version) == ("3", None)
    with pytest.raises(SeldonError, match="it has no versions"):
        model_of().require("Model", "1")


def test_the_method_is_the_first_that_the_class_defines(model_of):
    assert model_of().method is Method.PREDICT
    assert model_of(user=Transformer()).method is Method.TRANSFORM_INPUT
    infers = model_of(user=Infers())
    assert (infers.method, infers.has_infer, model_of().has_infer) == (Method.PREDICT, True, False)


def test_the_metadata_are_those_of_the_component_in_the_form_of_v2(model_of):
    model = model_of(
        {"versions": ["1"], "platform": "python", "inputs": [TENSOR], "outputs": [], "custom": {"a": "b"}}
    )
    assert model.metadata() == {
        "name": "Model",
        "versions": ["1"],
        "platform": "python",
        "inputs": [TENSOR],
        "outputs": [],
        "properties": {"a": "b"},
    }
    assert model.inputs["a"].shape == (-1, 2)


def test_tensors_of_v1_are_not_declared_but_give_names_and_the_type(model_of):
    model = model_of({"inputs": [{"messagetype": "ndarray", "schema": {"names": ["x", "y"]}}]})
    assert (dict(model.inputs), list(model.v1_names), model.v1_type) == ({}, ["x", "y"], "ndarray")
    assert model_of({"inputs": [{"messagetype": "binData"}]}).v1_names == ()


def test_invalid_metadata_are_an_error_of_that_endpoint_only(model_of):
    model = model_of(SeldonError("bad", code=ErrorCode.BAD_METADATA))
    model.require("Model")
    with pytest.raises(SeldonError, match="bad"):
        model.metadata()


def test_a_model_is_ready_while_the_process_takes_calls(make_service):
    service = make_service(Model())
    ServedModel(service).require_ready()
    service.ready = False
    with pytest.raises(SeldonError) as error:
        ServedModel(service).require_ready()
    assert error.value.code is ErrorCode.UNAVAILABLE
