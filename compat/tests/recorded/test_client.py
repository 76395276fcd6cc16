"""``SeldonClient`` sends and returns what the wrapper's client does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from seldon_core import seldon_client
from seldon_core.proto import prediction_pb2

RECORDS = "client.json"
TAGS = {"meta": {"tags": {"tags": {"a": "b"}}}}
DIFFERENCES: dict[str, dict[str, Any]] = {
    # a missing deployment is an error of the client's own, and not a TypeError
    "no-deployment": {"raised": "SeldonClientException"},
    # the reason is the server's, and not that of the parser
    "microservice-rest-predict-bad": {"msg": "Bad Gateway"},
    # the wrapper drops these arguments
    "predict-seldon-rest-headers": {"seen": {"headers": {"x-one": "1"}}},
    "predict-seldon-grpc-headers": {"seen": {"metadata": {"x-one": "1"}}},
    "predict-seldon-grpc-meta": {"request": TAGS, "seen": {"body": TAGS}},
}
"""Members of a record that differ, by the case."""


@pytest.fixture(scope="module")
def recorder(client_cases: Any) -> Iterator[Any]:
    made = client_cases.Recorder(prediction_pb2)
    yield made
    made.close()


def without_empty_meta(value: Any) -> Any:
    """The value without a ``meta`` that has nothing, which means the same."""
    if isinstance(value, list):
        return [without_empty_meta(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_empty_meta(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if key != "meta" or item}


def merged(value: Any, change: dict[str, Any]) -> Any:
    """The value, in which members of objects are replaced."""
    nested = {key: merged(value.get(key) or {}, new) for key, new in change.items() if isinstance(new, dict)}
    return {**value, **change, **nested}


def test_a_call_does_what_it_did(case: tuple[str, Any], client_cases: Any, recorder: Any) -> None:
    name, recorded = case
    (given,) = [each for each in client_cases.cases() if each[0] == name]
    result = json.loads(json.dumps(client_cases.run(seldon_client, prediction_pb2, recorder, given)))
    expected = merged(recorded, DIFFERENCES.get(name, {}))
    assert without_empty_meta(result) == without_empty_meta(expected)


def test_every_difference_is_one(client_cases: Any) -> None:
    assert DIFFERENCES.keys() <= {case[0] for case in client_cases.cases()}
