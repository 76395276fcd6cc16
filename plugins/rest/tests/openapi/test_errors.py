"""The errors that a document describes."""

from __future__ import annotations

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime_rest.openapi.document import document
from seldon_runtime_rest.response import STATUS_OF

from .descriptions import ALL_METHODS, description


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
