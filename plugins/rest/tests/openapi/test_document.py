"""The OpenAPI document: valid, and true to the component's methods and metadata."""

from __future__ import annotations

import json
from typing import Any

import openapi_spec_validator
import pytest

from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.document import Description, document
from seldon_runtime_rest.v1 import paths as v1

from .descriptions import ALL_METHODS, DESCRIPTIONS, IRIS, IRIS_METADATA, description, post_examples


@DESCRIPTIONS
def test_document_is_valid_openapi(component: Description) -> None:
    openapi_spec_validator.validate(document(component))


@DESCRIPTIONS
def test_every_schema_and_response_that_an_operation_names_is_there(component: Description) -> None:
    doc = document(component)
    text = json.dumps(doc)
    for kind in ("schemas", "responses"):
        named = {part.partition('"')[0] for part in text.split(f"#/components/{kind}/")[1:]}
        assert named <= set(doc["components"][kind])


@DESCRIPTIONS
def test_operations_have_names_of_their_own(component: Description) -> None:
    names = [
        operation["operationId"]
        for item in document(component)["paths"].values()
        for operation in item.values()
    ]
    assert len(names) == len(set(names))
    assert all(name.isalnum() for name in names)  # an underscore breaks the page's deep links


def test_document_has_exactly_the_addresses_of_the_protocol() -> None:
    verbs = {path: " ".join(sorted(item)) for path, item in document(ALL_METHODS)["paths"].items()}
    assert verbs == {
        "/predict": "get post",
        "/api/v1.0/predictions": "post",
        "/api/v0.1/predictions": "post",
        "/transform-input": "get post",
        "/transform-output": "get post",
        "/route": "get post",
        "/aggregate": "get post",
        "/send-feedback": "get post",
        "/api/v1.0/feedback": "post",
        "/api/v0.1/feedback": "post",
        "/health/ping": "get",
        "/health/live": "get",
        "/health/ready": "get",
        "/health/startup": "get",
        "/health/status": "get",
        "/api/v1.0/health/status": "get",
        "/metadata": "get",
        "/api/v1.0/metadata": "get",
        "/seldon.json": "get",
    }


def test_undefined_methods_are_left_out() -> None:
    paths = document(description(methods=frozenset({Method.ROUTE})))["paths"]
    assert "/route" in paths
    assert not [path for path in paths if path == "/aggregate" or "predict" in path]


@pytest.mark.parametrize("methods", [{Method.PREDICT}, {Method.ROUTE, Method.SEND_FEEDBACK}, set()])
def test_the_calls_are_exactly_the_methods_of_the_class(methods: set[Method]) -> None:
    paths = document(description(methods=frozenset(methods)))["paths"]
    assert {v1.CALLS[path][0] for path in paths if path in v1.CALLS} == methods
    assert "/health/status" in paths
    assert "description" not in document(ALL_METHODS)["paths"]["/transform-input"]["post"]


def test_outlier_detector_tells_where_the_score_stands() -> None:
    methods = frozenset({Method.TRANSFORM_INPUT})
    paths = document(description(service_type="OUTLIER_DETECTOR", methods=methods))["paths"]
    assert "meta.tags.outlierScore" in paths["/transform-input"]["post"]["description"]
    assert "/transform-output" not in paths


def test_title_version_and_platform_come_from_the_metadata() -> None:
    info = document(IRIS)["info"]
    assert (info["title"], info["version"]) == ("iris", "v1, v2")
    assert "`MyModel` on sklearn, served as MODEL" in info["description"]


def test_title_and_version_without_metadata() -> None:
    info = document(description())["info"]
    assert (info["title"], info["version"]) == ("MyModel", "unversioned")


def test_metadata_are_the_example_of_their_address() -> None:
    def answer(component: Description) -> Any:
        return document(component)["paths"]["/metadata"]["get"]["responses"]["200"]["content"][
            "application/json"
        ]

    assert answer(IRIS)["example"] == IRIS_METADATA
    assert "example" not in answer(description())


def test_documents_share_nothing() -> None:
    first, untouched = document(description()), json.dumps(document(description()))
    first["components"]["schemas"]["Error"].clear()
    post_examples(description())[0].clear()
    assert json.dumps(document(description())) == untouched


def test_the_document_says_how_to_try_a_call() -> None:
    assert "choose **Try it out**, then **Execute**" in document(IRIS)["info"]["description"]
