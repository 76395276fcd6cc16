"""Every row of both tables of values gives the same by v1 over REST and gRPC, and by each form of V2."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import namedtuple
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.protocols.non_finite import NonFinite, finite
from tests.support import hinted_rule, hinted_values, returned_rule, value_rule

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
BINARY = "ask for it by infer with the parameter binary_data"


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


def elements_of(values: list[Any], reads: list[Any]) -> list[Any] | None:
    """Return what V2 has for elements that v1 reads so; None if there is a missing value beside text."""
    kinds = set(map(type, reads))
    shown = finite(reads, NonFinite.NULL)
    if kinds == {bool} or kinds <= {int, float, type(None)}:
        found: list[Any] = shown
        return found
    if None in shown and any(isinstance(value, str) for value in values):
        return None
    return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in shown]


@pytest.mark.parametrize("way", WAYS)
@FEW
@given(pairs=st.lists(value_rule.values, min_size=1, max_size=3))
def test_objects_of_any_values_by_v2(server: Both, way: Way, pairs: list[value_rule.Pair]) -> None:
    """The same values by v1 are in ``test_values.py``."""
    array = np.empty(len(pairs), object)
    for index, (value, _) in enumerate(pairs):
        array[index] = value
    server.user.result = array
    expected = elements_of([value for value, _ in pairs], [read for _, read in pairs])
    served = V2(server.service)
    if expected is None:
        with pytest.raises(SeldonError, match="a missing value beside text"):
            way(served, ASKED)
        return
    found = {name: output.tolist() for name, output in way(served, ASKED).items()}
    assert same(finite(found, NonFinite.NULL), {OUTPUT: expected})


Place = namedtuple("Place", "x y")
DATES = np.array(["2026-01-02", "2026-01-03"], "M8[D]")
BY_BOTH = {
    "records": ([returned_rule.Point(0.5, dt.date(2026, 1, 2))], [{"x": 0.5, "day": "2026-01-02"}]),
    "models": (
        [returned_rule.Model(**{"the x": 1, "labels": []})],
        [{"the x": 1.0, "labels": []}],
    ),
    "structs": ([returned_rule.Struct(1, dt.date(2026, 1, 2))], [{"theX": 1, "day": "2026-01-02"}]),
    "dicts": ([{"a": 1}, {"b": [None]}], [{"a": 1}, {"b": [None]}]),
    "enums": ([returned_rule.Level.LOW, returned_rule.Level.HIGH], ["low", 2.5]),
    "named tuples": ([Place(1, "a")], [[1, "a"]]),
    "mixed": ([[1, "a", True]], [[1, "a", True]]),
    "ragged": ([[1], [1, 2]], [[1], [1, 2]]),
    "decimals": (np.array([Decimal("1.10")]), ["1.10"]),
    "masked dates": (np.ma.array(DATES, mask=[0, 1]), ["2026-01-02", None]),
    "masked durations": (np.ma.array([1, 2], "m8[s]", mask=[0, 1]), ["PT1S", None]),
    "masked booleans": (np.ma.array([True, False], mask=[0, 1]), [True, None]),
    "masked numbers in a list": ([np.ma.array([1.5, 2], mask=[0, 1])], [[1.5, None]]),
    "dates with NaT": (np.array(["2026-01-02", "NaT"], "M8[D]"), ["2026-01-02", None]),
    "durations": (np.array([90], "m8[s]"), ["PT1M30S"]),
    "a matrix": (np.matrix([[1, 2]]), [[1, 2]]),
    "booleans of pandas": (pd.Series([True, None], dtype="boolean"), [True, None]),
    "dates with a zone": (
        pd.Series(pd.to_datetime(["2026-01-02"]).tz_localize("UTC")),
        ["2026-01-02T00:00:00+00:00"],
    ),
    "frames in a list": ([pd.DataFrame({"a": [1]})], [[{"a": 1}]]),
    "a large whole number beside null": (pd.Series([2**60 + 1, None], dtype="Int64"), [2**60 + 1, None]),
    "nothing": (pd.NA, [[None]]),
}
"""Results, and the ``ndarray`` of v1."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", BY_BOTH)
def test_a_result_has_an_answer_by_v1_and_by_v2(server: Both, way: Way, case: str) -> None:
    result, listed = BY_BOTH[case]
    server.user.result = result
    assert by_rest(server, {"data": {"ndarray": [0.0]}})["data"]["ndarray"] == listed
    expected = np.array(listed, object) if case != "ragged" else np.array([[1], [1, 2]], object)
    found = way(V2(server.service), ASKED)[OUTPUT]
    if found.dtype == object:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in expected.ravel().tolist()]
        assert found.ravel().tolist() == texts
    else:
        assert finite(found.ravel().tolist(), NonFinite.NULL) == expected.ravel().tolist()


class Writes:
    """Writes into its argument."""

    def predict(self, X: Any, features_names: Any) -> Any:
        X[0] = 9
        return X


@pytest.mark.parametrize("count", [2, 2000])
@pytest.mark.parametrize("way", WAYS)
def test_a_class_may_write_into_its_argument(way: Way, count: int) -> None:
    server = Both(Writes(), ServiceType.MODEL)
    try:
        for _ in range(2):
            (found,) = way(V2(server.service), {"x": np.zeros(count, np.float32)}).values()
            assert found.tolist() == [9, *[0] * (count - 1)]
    finally:
        server.stop()
