from __future__ import annotations

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.repository import index, load, unload

from .components import Model


@pytest.fixture
def service(make_service):
    return make_service(Model(), metadata={"versions": ["2"]})


@pytest.fixture
def model(service):
    return ServedModel(service)


def test_the_index_has_the_served_model_and_its_state(service, model):
    ready = {"name": "Model", "version": "2", "state": "READY", "reason": ""}
    assert index(model) == index(model, only_ready=True) == [ready]
    service.ready = False
    assert index(model) == [
        {**ready, "state": "UNAVAILABLE", "reason": "the process does not take calls"},
    ]
    assert index(model, only_ready=True) == []


def test_a_model_without_versions_has_an_empty_version(make_service):
    assert index(ServedModel(make_service(Model())))[0]["version"] == ""


def test_the_served_model_is_loaded_while_it_is_ready(service, model):
    load(model, "Model")
    service.ready = False
    with pytest.raises(SeldonError) as error:
        load(model, "Model")
    assert error.value.code is ErrorCode.UNAVAILABLE


def test_a_load_with_another_configuration_is_refused(model):
    with pytest.raises(SeldonError, match="the parameter 'config' is not supported") as error:
        load(model, "Model", {"config": "{}"})
    assert error.value.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize("act", [load, unload])
def test_another_model_is_not_found(model, act):
    with pytest.raises(SeldonError) as error:
        act(model, "Other")
    assert error.value.code is ErrorCode.NOT_FOUND


def test_the_served_model_cannot_be_unloaded(model):
    with pytest.raises(SeldonError, match="cannot be unloaded") as error:
        unload(model, "Model")
    assert error.value.code is ErrorCode.UNAVAILABLE
