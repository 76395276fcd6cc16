"""Descriptions of components, and the examples and schemas of their documents."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.document import Description, document

IRIS_INPUT = {"messagetype": "tensor", "schema": {"names": ["length", "width"], "shape": [2]}}
IRIS_METADATA: dict[str, Any] = {
    "name": "iris",
    "versions": ["v1", "v2"],
    "platform": "sklearn",
    "inputs": [IRIS_INPUT],
    "outputs": [{"messagetype": "ndarray", "schema": {"shape": [3]}}],
    "custom": {"team": "blue"},
}


def description(**changes: Any) -> Description:
    values: dict[str, Any] = {
        "name": "",
        "versions": [""],
        "platform": "",
        "service_type": "MODEL",
        "class_name": "MyModel",
        "methods": frozenset({Method.PREDICT}),
    }
    return Description(**values | changes)


IRIS = description(
    name="iris", versions=["v1", "v2"], platform="sklearn", metadata=IRIS_METADATA, inputs=[IRIS_INPUT]
)
ALL_METHODS = description(methods=frozenset(Method))
DESCRIPTIONS = pytest.mark.parametrize(
    "component",
    [
        pytest.param(description(), id="without metadata"),
        pytest.param(description(methods=frozenset()), id="no method"),
        pytest.param(
            description(service_type="OUTLIER_DETECTOR", methods=frozenset()), id="outlier detector"
        ),
        pytest.param(ALL_METHODS, id="all methods"),
        pytest.param(IRIS, id="with metadata"),
    ],
)


def check(doc: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Raises ValidationError when ``value`` does not fit ``schema``, whose references lead into ``doc``."""
    Draft202012Validator({**schema, "components": doc["components"]}).validate(value)


def post_examples(component: Description, path: str = "/predict") -> list[Any]:
    content = document(component)["paths"][path]["post"]["requestBody"]["content"]
    return [example["value"] for example in content["application/json"]["examples"].values()]
