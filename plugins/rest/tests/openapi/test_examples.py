"""The examples of a document: fit for its own schemas, and made from the component's inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.document import Description, document
from seldon_runtime_rest.openapi.examples import MAX_VALUES

from .descriptions import DESCRIPTIONS, IRIS, IRIS_INPUT, check, description, post_examples


def examples(node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every pair of a schema and an example for it that stands anywhere in ``node``."""
    if isinstance(node, list):
        for item in node:
            yield from examples(item)
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield node["schema"], node["example"]
        if "schema" in node and "examples" in node:
            yield from ((node["schema"], example["value"]) for example in node["examples"].values())
        elif isinstance(node.get("examples"), list):
            yield from ((node, example) for example in node["examples"])
        for key, item in node.items():
            if key not in ("example", "examples"):
                yield from examples(item)


@DESCRIPTIONS
def test_every_example_fits_its_schema(component: Description) -> None:
    doc = document(component)
    found = list(examples(doc))
    assert len(found) > len(doc["components"]["responses"])
    for schema, example in found:
        check(doc, schema, example)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            IRIS_INPUT,
            {"data": {"names": ["length", "width"], "tensor": {"shape": [1, 2], "values": [1.0, 1.0]}}},
        ),
        ({"messagetype": "ndarray", "schema": {"shape": [2, 1]}}, {"data": {"ndarray": [[1.0], [1.0]]}}),
        ({"messagetype": "ndarray", "schema": {"shape": [-1, 2]}}, {"data": {"ndarray": [[1.0, 1.0]]}}),
        (
            {"messagetype": "ndarray", "schema": {"names": ["a", "b", "c"]}},
            {"data": {"names": ["a", "b", "c"], "ndarray": [[1.0, 1.0, 1.0]]}},
        ),
        ({"messagetype": "ndarray"}, {"data": {"ndarray": [[1.0, 1.0]]}}),
        ({"messagetype": "strData"}, {"strData": "text"}),
        ({"messagetype": "binData"}, {"binData": "AAEC"}),
        ({"messagetype": "jsonData", "schema": {"examples": [{"x": 1}]}}, {"jsonData": {"x": 1}}),
        ({"messagetype": "jsonData", "schema": {"default": 5}}, {"jsonData": 5}),
        ({"messagetype": "jsonData", "schema": "free text"}, {"jsonData": {}}),
        ({"name": "x", "datatype": "FP64", "shape": [1, 2]}, {"data": {"ndarray": [[1.0, 1.0]]}}),
        ({"name": "x", "datatype": "INT8", "shape": [2]}, {"data": {"ndarray": [[1, 1]]}}),
        ({"name": "x", "datatype": "BOOL", "shape": [1]}, {"data": {"ndarray": [[True]]}}),
        ({"name": "x", "datatype": "BYTES", "shape": [1, 1, 1]}, {"data": {"ndarray": [[["text"]]]}}),
    ],
)
def test_example_has_the_names_and_shape_of_the_input(item: dict[str, Any], message: Any) -> None:
    component = description(inputs=[item], methods=frozenset(Method))
    assert post_examples(component) == post_examples(component, "/api/v1.0/predictions") == [message]
    assert post_examples(component, "/aggregate") == [{"seldonMessages": [message, message]}]
    assert post_examples(component, "/send-feedback") == [{"request": message, "reward": 1.0}]


def test_each_input_has_an_example() -> None:
    inputs = [{"name": name, "datatype": "FP32", "shape": [1]} for name in ("same", "same")]
    assert len(post_examples(description(inputs=inputs))) == 2


@pytest.mark.parametrize(
    "item",
    [
        {"messagetype": "customData"},
        {"messagetype": "tftensor", "schema": {"shape": [2]}},
        {"messagetype": "tensor", "schema": {"shape": [1, MAX_VALUES + 1]}},
        {"messagetype": "ndarray", "schema": {"shape": [10**9, 10**9]}},
    ],
)
def test_examples_are_general_when_none_can_be_made_from_the_inputs(item: dict[str, Any]) -> None:
    kinds = [next(iter(message)) for message in post_examples(description(inputs=[item]))]
    assert kinds == ["data", "data", "jsonData", "strData", "binData"]


def test_form_and_query_examples_are_those_of_the_body() -> None:
    predict = document(IRIS)["paths"]["/predict"]
    content = predict["post"]["requestBody"]["content"]
    form = content["application/x-www-form-urlencoded"]["schema"]["properties"]["json"]
    query = [example["value"] for example in predict["get"]["parameters"][0]["examples"].values()]
    assert [json.loads(text) for text in form["examples"]] == post_examples(IRIS)
    assert [json.loads(text) for text in query] == post_examples(IRIS)
    assert "multipart/form-data" in content
