"""Functions that take a user's object or values return and raise what the wrapper's do."""

from __future__ import annotations

import json
from typing import Any

import pytest

RECORDS = "calls.json"
MISSING = {
    "raised": "SeldonNotImplementedError",
    "status_code": None,
    "reason": "MICROSERVICE_NOT_IMPLEMENTED",
}
DIFFERENCES: dict[str, Any] = {
    f"{function}-{form}-Empty": MISSING for function in ("route", "aggregate") for form in ("json", "message")
}
"""Results that differ: a missing method is not the caller's fault, and its error has the runtime's reason."""


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch, call_cases: Any) -> None:
    for name, value in call_cases.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_a_call_does_what_it_did(case: tuple[str, Any], call_cases: Any) -> None:
    name, recorded = case
    result = json.loads(json.dumps(call_cases.run(call_cases.cases()[name])))
    assert result == DIFFERENCES.get(name, recorded)


def test_every_difference_is_one(call_cases: Any) -> None:
    assert DIFFERENCES.keys() <= call_cases.cases().keys()
