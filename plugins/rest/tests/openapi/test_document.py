"""The OpenAPI document is valid, true to the component, and its examples fit its own schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator, ValidationError

from seldon_runtime.errors import ErrorCode
from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.document import Description, document
from seldon_runtime_rest.openapi.examples import MAX_VALUES
from seldon_runtime_rest.response import STATUS_OF
from seldon_runtime_rest.v1 import paths as v1

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


def post_examples(component: Description, path: str = "/predict") -> list[Any]:
    content = document(component)["paths"][path]["post"]["requestBody"]["content"]
    return [example["value"] for example in content["application/json"]["examples"].values()]


@DESCRIPTIONS
def test_document_is_valid_openapi(component: Description) -> None:
    openapi_spec_validator.validate(document(component))


@DESCRIPTIONS
def test_every_example_fits_its_schema(component: Description) -> None:
    doc = document(component)
    found = list(examples(doc))
    assert len(found) > len(doc["components"]["responses"])
    for schema, example in found:
        check(doc, schema, example)


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


def test_every_reason_of_an_error_is_listed() -> None:
    reason = document(description())["components"]["schemas"]["Status"]["properties"]["reason"]
    assert reason["anyOf"][0]["enum"] == [code.value for code in ErrorCode]


@pytest.mark.parametrize("status", ["400", "413", "415", "500", "503", "504", "default"])
def test_calls_describe_their_errors(status: str) -> None:
    doc = document(ALL_METHODS)
    name = doc["paths"]["/predict"]["post"]["responses"][status]["$ref"].rpartition("/")[2]
    content = doc["components"]["responses"][name]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/Error"}
    body = content["example"]["status"]
    assert body == {"code": -1, "info": body["info"], "reason": body["reason"], "status": 1}
    if status not in ("415", "default"):  # these have no reason of their own
        assert STATUS_OF[ErrorCode(body["reason"])] == int(status)


@pytest.mark.parametrize("name", ["NotFound", "MethodNotAllowed"])
def test_errors_that_no_operation_gives_are_described_too(name: str) -> None:
    assert "application/json" in document(description())["components"]["responses"][name]["content"]


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


def test_documents_share_nothing() -> None:
    first, untouched = document(description()), json.dumps(document(description()))
    first["components"]["schemas"]["Error"].clear()
    post_examples(description())[0].clear()
    assert json.dumps(document(description())) == untouched
