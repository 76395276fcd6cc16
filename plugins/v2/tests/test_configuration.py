from __future__ import annotations

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_v2.configuration import configuration_of
from seldon_runtime_v2.mapping.model import ServedModel

from .components import Model


def test_the_configuration_has_the_declared_tensors_with_complete_sizes(make_service):
    metadata = {
        "platform": "sklearn",
        "inputs": [{"name": "a", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [{"name": "b", "datatype": "BYTES", "shape": [-1]}],
        "custom": {"owner": "team"},
    }
    assert configuration_of(ServedModel(make_service(Model(), metadata=metadata))) == {
        "name": "Model",
        "platform": "sklearn",
        "backend": "python",
        "version_policy": {"latest": {"num_versions": 1}},
        "max_batch_size": 0,
        "input": [{"name": "a", "data_type": "TYPE_FP32", "dims": [-1, 4]}],
        "output": [{"name": "b", "data_type": "TYPE_STRING", "dims": [-1]}],
        "instance_group": [{"name": "Model", "kind": "KIND_CPU", "count": 1}],
        "parameters": {"owner": {"string_value": "team"}},
        "model_transaction_policy": {"decoupled": False},
    }


def test_a_model_without_declared_tensors_has_none_in_its_configuration(make_service):
    found = configuration_of(ServedModel(make_service(Model())))
    assert (found["input"], found["output"], found["parameters"]) == ([], [], {})


def test_invalid_metadata_are_an_error(make_service):
    fault = SeldonError("bad", code=ErrorCode.BAD_METADATA)
    with pytest.raises(SeldonError, match="bad"):
        configuration_of(ServedModel(make_service(Model(), metadata=fault)))


def test_a_model_that_yields_is_decoupled(make_service):
    class Yields:
        async def infer(self, inputs):
            yield inputs

    found = configuration_of(ServedModel(make_service(Yields())))
    assert found["model_transaction_policy"] == {"decoupled": True}
