"""Every row of the table "Arguments of a method", over REST and gRPC: the value received, and the errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from tests.support import hinted_rule
from tests.support.paths import DOCS

from .both import Both
from .test_values import by_grpc, by_rest, same

ROWS = hinted_rule.rows()
Ask = Callable[[Both, Any], Any]


def hinted(row: hinted_rule.Row) -> object:
    """Return a component whose ``predict`` shows its argument, which has the hint."""

    def predict(self: object, X: Any, features_names: Any) -> Any:
        return {"shown": row.show(X)}

    predict.__annotations__ = {"X": row.hint}
    return type("Hinted", (), {"predict": predict})()


@pytest.fixture(scope="module", params=[*hinted_rule.ROWS, *hinted_rule.LIBRARY_OF])
def row(request: pytest.FixtureRequest) -> hinted_rule.Row:
    if request.param not in ROWS:
        pytest.skip(f"{hinted_rule.LIBRARY_OF[request.param]} is not installed")
    return ROWS[request.param]


@pytest.fixture(scope="module")
def server(row: hinted_rule.Row) -> Iterator[Both]:
    server = Both(hinted(row), ServiceType.MODEL)
    yield server
    server.stop()


@pytest.mark.parametrize("ask", [by_rest, by_grpc])
def test_a_method_receives_the_type_of_its_hint(row: hinted_rule.Row, server: Both, ask: Ask) -> None:
    for request, expected in row.good:
        assert same(ask(server, request)["jsonData"]["shown"], expected), request


@pytest.mark.parametrize("ask", [by_rest, by_grpc])
def test_a_request_that_does_not_fit_is_a_400_with_its_place(
    row: hinted_rule.Row, server: Both, ask: Ask
) -> None:
    for request, message in row.bad:
        with pytest.raises(SeldonError, match=message) as caught:
            ask(server, request)
        assert caught.value.code is ErrorCode.BAD_DATA, request


def test_each_example_of_the_openapi_document_can_be_sent(row: hinted_rule.Row, server: Both) -> None:
    document = server.http.get("/seldon.json").json
    validate(document)
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    examples = [example["value"] for example in body["examples"].values()]
    assert len(examples) == 1, "the document does not know the hint"
    for example in examples:
        assert server.http.post("/predict", example).status == 200, example
    for kind, content in document["paths"]["/predict"]["post"]["requestBody"]["content"].items():
        if "example" in content:
            text = content["example"].encode()
            answer = server.http.request("POST", "/predict", text, {"Content-Type": kind})
            assert answer.status == 200, (kind, text, answer.text)


def test_the_metadata_name_the_input_of_the_hint(row: hinted_rule.Row, server: Both) -> None:
    (described,) = server.http.get("/metadata").json["inputs"]
    (kind,) = {*row.good[0][0].get("data", row.good[0][0])} - {"names"}
    assert described["messagetype"] in (kind, "ndarray", "tensor", "image/png", "jsonData")


def test_the_page_has_these_rows() -> None:
    page = (DOCS / "reference" / "values.md").read_text("utf-8")
    section = page.split("## Arguments of a method")[1].split("\n## ")[0]
    found = re.findall(r"^\| (.+?) \| ", section, re.M)
    assert set(found[1:]) == {*hinted_rule.ROWS, *hinted_rule.LIBRARY_OF}
