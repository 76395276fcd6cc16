"""The configuration of the served model, in the form of Triton's model configuration.

Source: Triton's extension "Model Configuration" (extension_model_configuration.md), model_config.proto.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seldon_runtime_v2.mapping.model import Declared, ServedModel

_TYPE_OF = {"BYTES": "TYPE_STRING"}
"""The data types whose names differ from those of tensors by more than the prefix."""


def configuration_of(model: ServedModel) -> dict[str, Any]:
    """Return the configuration as JSON values, with the names of the fields of ``ModelConfig``.

    ``max_batch_size`` is 0: the sizes of tensors are complete, a batch dimension included. A model that is a
    generator is ``decoupled``: a request may have any number of answers.

    Raises:
        SeldonError: BAD_METADATA when the component's metadata are invalid.
    """
    described = model.metadata()
    properties = described.get("properties", {})
    return {
        "name": model.name,
        "platform": described["platform"],
        "backend": "python",
        "version_policy": {"latest": {"num_versions": 1}},
        "max_batch_size": 0,
        "input": _tensors(model.inputs.values()),
        "output": _tensors(model.outputs.values()),
        "instance_group": [{"name": model.name, "kind": "KIND_CPU", "count": 1}],
        "parameters": {name: {"string_value": str(value)} for name, value in properties.items()},
        "model_transaction_policy": {"decoupled": model.streams},
    }


def _tensors(tensors: Iterable[Declared]) -> list[dict[str, Any]]:
    return [
        {"name": tensor.name, "data_type": data_type(tensor.datatype.name), "dims": list(tensor.shape)}
        for tensor in tensors
    ]


def data_type(datatype: str) -> str:
    """Return the name that a configuration gives to a datatype of tensors, such as ``TYPE_FP32``."""
    return _TYPE_OF.get(datatype, f"TYPE_{datatype}")
