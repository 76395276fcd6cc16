"""The schemas of a document: what they take and refuse, as the protocol does."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError

from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.document import Description, document

from .descriptions import ALL_METHODS, check, description


def answer_of(component: Description, path: str) -> dict[str, Any]:
    answer = document(component)["paths"][path]["post"]["responses"]["200"]
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return schema


def test_what_stood_in_the_meta_of_a_request_may_stand_in_the_answers() -> None:
    meta = {"puid": 1, "requestPath": {"a": 1}, "metrics": [{"key": 1}], "tags": {"a": None}}
    check(document(ALL_METHODS), answer_of(ALL_METHODS, "/predict"), {"strData": "x", "meta": meta})


def test_the_answer_of_an_outlier_detector_is_the_request_with_a_score() -> None:
    detector = description(service_type="OUTLIER_DETECTOR", methods=frozenset({Method.TRANSFORM_INPUT}))
    answer = answer_of(detector, "/transform-input")
    check(document(detector), answer, {"strData": 5, "own": 1, "meta": {"tags": {"outlierScore": [0.5]}}})
    with pytest.raises(ValidationError):
        check(document(detector), answer, {"strData": "x", "meta": {"tags": {}}})


def test_multipart_has_the_file_and_the_other_parts_of_a_message() -> None:
    doc = document(description(methods=frozenset(Method)))
    schemas = doc["components"]["schemas"]

    def multipart(path: str) -> Any:
        content = doc["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]
        return content["schema"]["$ref"].rpartition("/")[2]

    assert schemas[multipart("/predict")]["properties"]["binData"]["format"] == "binary"
    assert set(schemas[multipart("/predict")]["properties"]) == set(schemas["SeldonMessage"]["properties"])
    assert multipart("/aggregate") == "SeldonMessageList"
    assert multipart("/send-feedback") == "Feedback"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("SeldonMessage", {"data": [[1]]}),
        ("SeldonMessage", {"data": {"tensor": [[1]]}}),
        ("SeldonMessage", {"strData": 5}),
        ("SeldonMessage", {"strData": "s", "meta": {"metrics": [{"key": "k", "type": "SUM", "value": 1}]}}),
        ("SeldonMessageList", {"seldonMessages": []}),
        ("SeldonMessageList", {}),
        ("Feedback", {"reward": 1, "rewards": 1}),
        ("Error", {"status": {"code": -1}}),
    ],
)
def test_schemas_refuse_what_the_protocol_refuses(schema: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        check(document(description()), {"$ref": f"#/components/schemas/{schema}"}, value)
