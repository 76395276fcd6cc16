"""Every row of both tables of values gives the same by v1 over REST and gRPC, and by each form of V2."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.protocols.non_finite import NonFinite, finite
from tests.support import hinted_rule, hinted_values, returned_rule

from .both import Both
from .test_values import Gives, by_grpc, by_rest, same
from .v2_ways import V2, WAYS, Way, by_json

HINTED = hinted_values.rows()
RETURNED = {**returned_rule.ROWS, **returned_rule.frameworks()}
FEW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
ASKED = {"x": np.zeros(1)}
OUTPUT = "output-0"
SINGLE = ("a number, a boolean, a NumPy scalar", "a member of an `Enum`")
"""Rows whose numbers have one dimension in V2."""
BINARY = "ask for it with the parameter binary_data"


def hinted(row: hinted_rule.Row) -> object:
    """Return a component that answers its argument, which has the hint, as JSON text."""

    def predict(self: object, X: Any, features_names: Any) -> str:
        return json.dumps(row.show(X))

    predict.__annotations__ = {"X": row.hint}
    return type("Hinted", (), {"predict": predict})()


@pytest.fixture(scope="module", params=[*hinted_rule.ROWS, *hinted_rule.LIBRARY_OF])
def row(request: pytest.FixtureRequest) -> str:
    if request.param not in HINTED:
        pytest.skip(f"{hinted_rule.LIBRARY_OF[request.param]} is not installed")
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def hinted_server(row: str) -> Iterator[Both]:
    server = Both(hinted(hinted_rule.rows()[row]), ServiceType.MODEL)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Both]:
    server = Both(Gives(), ServiceType.MODEL)
    yield server
    server.stop()


def test_a_hint_receives_the_same_value_by_every_protocol(hinted_server: Both, row: str) -> None:
    served = V2(hinted_server.service)

    @FEW
    @given(HINTED[row])
    def check(pair: hinted_values.Pair) -> None:
        sent, expected = pair
        for ask in (by_rest, by_grpc):
            shown = ask(hinted_server, sent.v1)["strData"]
            assert same(json.loads(shown), expected), ask.__name__
        for way in WAYS:
            shown = way(served, sent.v2)[OUTPUT].item()
            assert same(json.loads(shown), expected), way.__name__

    check()


def of_v1(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs that stand in V2 for an answer of v1, as lists."""
    ((kind, value),) = answer.items()
    if kind == "binData":
        return {OUTPUT: [base64.b64decode(value)]}
    if kind == "strData":
        return {OUTPUT: [value]}
    if kind == "jsonData":
        return {name: member if isinstance(member, list) else [member] for name, member in value.items()}
    names, rows = value["names"], value["ndarray"]
    if names and names[0] != "t:0":
        return {name: [row[index] for row in rows] for index, name in enumerate(names)}
    return {OUTPUT: rows}


def refusal_of(way: Way, outputs: dict[str, Any]) -> str | None:
    """Return a part of the error for values that V2 has no form for: null beside text, and bytes in JSON."""
    for values in outputs.values():
        kinds = set(map(type, values))
        if {str, type(None)} <= kinds:
            return "a missing value beside text, expected numbers of one type, or text or bytes"
        if bytes in kinds and way is by_json:
            return BINARY
    return None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("row", [*returned_rule.ROWS, *returned_rule.LIBRARY_OF])
@FEW
@given(draw=st.data())
def test_a_result_of_the_table_by_v2(server: Both, way: Way, row: str, draw: st.DataObject) -> None:
    """The rows by v1 are in ``test_returned_values.py``."""
    if row not in RETURNED:
        pytest.skip(f"{returned_rule.LIBRARY_OF[row]} is not installed")
    result, answer = draw.draw(RETURNED[row])
    server.user.result = result
    served, expected = V2(server.service), of_v1(answer)
    if row in SINGLE:  # [[value]] in v1
        expected = {OUTPUT: np.ravel(expected[OUTPUT]).tolist()}
    refusal = refusal_of(way, expected)
    if refusal is not None:
        with pytest.raises(SeldonError, match=refusal) as caught:
            way(served, ASKED)
        expected_code = ErrorCode.BAD_DATA if refusal == BINARY else ErrorCode.COMPONENT_FAILED
        assert caught.value.code is expected_code
        return
    found = {name: array.tolist() for name, array in way(served, ASKED).items()}
    assert same(finite(found, NonFinite.NULL), expected)
