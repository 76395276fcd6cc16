"""Bodies that are one value, in the document: those that fit the component, with examples to send."""

from __future__ import annotations

import importlib.util

import pytest
from openapi_spec_validator import validate

from seldon_runtime.plugin import Method
from seldon_runtime_rest.openapi.bodies import answer_bodies, request_bodies
from seldon_runtime_rest.openapi.document import Description, document

ARROW = ["application/vnd.apache.arrow.stream"] if importlib.util.find_spec("pyarrow") else []
RECORD = {
    "messagetype": "jsonData",
    "schema": {"type": "object", "properties": {"age": {"type": "integer"}, "plan": {"type": "string"}}},
}
COLUMNS = [
    {"name": "age", "datatype": "FP64", "shape": [-1]},
    {"name": "plan", "datatype": "BYTES", "shape": [-1, 1]},
]
TABLE = [{"messagetype": "ndarray", "schema": {"names": ["age", "plan"]}}]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (TABLE, [*ARROW, "application/x-npy", "text/csv"]),
        ([RECORD], [*ARROW, "text/csv"]),
        ([{"messagetype": "jsonData"}], []),
        (
            [{"messagetype": "jsonData", "schema": {"type": "array", "items": {"type": "string"}}}],
            ["text/plain"],
        ),
        ([{"messagetype": "strData"}], ["text/plain"]),
        ([{"messagetype": "image/png"}], ["image/jpeg", "image/png", "application/octet-stream"]),
        ([{"name": "x", "datatype": "FP64", "shape": [2]}], [*ARROW, "application/x-npy", "text/csv"]),
        (
            [],
            [
                *(*ARROW, "application/x-npy", "text/csv", "text/plain", "image/jpeg", "image/png"),
                "application/octet-stream",
            ],
        ),
    ],
)
def test_the_media_types_are_those_that_the_inputs_allow(inputs, expected):
    assert list(request_bodies(inputs)) == expected


def test_the_answer_has_the_schema_of_the_components_own_type():
    methods = frozenset({Method.PREDICT, Method.ROUTE})
    metadata = {"name": "m", "versions": [], "platform": "", "inputs": [], "outputs": [RECORD]}
    found = document(Description("m", [], "", "MODEL", "M", methods, metadata=metadata))
    validate(found)
    schemas = {
        path: found["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        for path in ("/predict", "/route")
    }
    assert schemas["/predict"]["allOf"][1]["properties"]["jsonData"]["anyOf"] == [RECORD["schema"]]
    assert schemas["/route"] == {"$ref": "#/components/schemas/Answer"}


def test_the_example_of_a_table_has_its_names():
    assert request_bodies(TABLE)["text/csv"]["example"] == "age,plan\n1.0,1.0\n"
    assert request_bodies([RECORD])["text/csv"]["example"] == "age,plan\n1,text\n"
    assert request_bodies(COLUMNS)["text/csv"]["example"] == "age,plan\n1.0,text\n"
    assert request_bodies([])["text/csv"]["example"] == "a,b\n1.0,1.0\n"
    truth_values = {"messagetype": "ndarray", "schema": {"datatype": "BOOL"}}
    assert request_bodies([truth_values])["text/csv"]["example"] == "a,b\ntrue,true\n"


def test_the_example_of_a_text_is_one_of_the_list():
    words = {"messagetype": "jsonData", "schema": {"type": "array", "items": {"enum": ["low", "high"]}}}
    assert request_bodies([words])["text/plain"]["example"] == "low"
    assert request_bodies([])["text/plain"]["example"] == "text"


def test_the_document_names_them_for_methods_with_one_payload_only():
    methods = frozenset({Method.PREDICT, Method.AGGREGATE, Method.SEND_FEEDBACK})
    found = document(Description("m", [], "", "MODEL", "M", methods, inputs=TABLE))
    validate(found)
    predict = found["paths"]["/predict"]["post"]
    assert "text/csv" in predict["requestBody"]["content"]
    assert next(iter(predict["requestBody"]["content"])) == "application/json"
    assert list(predict["responses"]["200"]["content"]) == ["application/json", *answer_bodies()]
    assert "406" in predict["responses"]
    for path in ("/aggregate", "/send-feedback"):
        assert "text/csv" not in found["paths"][path]["post"]["requestBody"]["content"]
        assert "406" not in found["paths"][path]["post"]["responses"]
