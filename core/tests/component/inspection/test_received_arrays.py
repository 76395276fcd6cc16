"""The arrays that a method receives, by setting and by type hint."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from seldon_runtime import FaithfulArray
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Feedback, Kind, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.arrays import array_from_list
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

MIXED = [[1, "x", 1.5]]


def plain(X: Any, names: Any) -> None: ...


def hinted(X: FaithfulArray, names: Any) -> None: ...


def optional(X: FaithfulArray | None, names: Any) -> None: ...


def nested(features_list: list[FaithfulArray], names: Any) -> None: ...


def received(values: list[Any], function: Any = plain, **reading: bool) -> Any:
    array = array_from_list(values, "ndarray", Limits())
    return ArrayReading(**reading).receive(function)(array)


@pytest.mark.parametrize(
    ("values", "v1", "faithful"),
    [
        (MIXED, ("U", [["1", "x", "1.5"]]), ("O", MIXED)),
        ([["a", True]], ("U", [["a", "True"]]), ("O", [["a", True]])),
        ([[True, 1.5]], ("f", [[1.0, 1.5]]), ("O", [[True, 1.5]])),
        ([[True, 2]], ("i", [[1, 2]]), ("O", [[True, 2]])),
        ([[1, "x", None]], ("O", [[1, "x", None]]), ("O", [[1, "x", None]])),
        ([[1.5, None], [2, 3]], ("O", [[1.5, None], [2, 3]]), ("f", [[1.5, np.nan], [2.0, 3.0]])),
        ([[1, None]], ("O", [[1, None]]), ("f", [[1.0, np.nan]])),
        ([[None]], ("O", [[None]]), ("O", [[None]])),
        ([["x", None]], ("O", [["x", None]]), ("O", [["x", None]])),
        ([[2**60 + 1, None]], ("O", [[2**60 + 1, None]]), ("O", [[2**60 + 1, None]])),
        ([["NaN", 1.5]], ("U", [["NaN", "1.5"]]), ("O", [["NaN", 1.5]])),
        ([[1, 2.5]], ("f", [[1.0, 2.5]]), ("f", [[1.0, 2.5]])),
        ([["a", "b"]], ("U", [["a", "b"]]), ("U", [["a", "b"]])),
        ([[True]], ("b", [[True]]), ("b", [[True]])),
        ([{"a": 1}, 2], ("O", [{"a": 1}, 2]), ("O", [{"a": 1}, 2])),
        ([], ("f", []), ("f", [])),
    ],
)
def test_the_two_kinds_of_arrays(values: list[Any], v1: Any, faithful: Any) -> None:
    for (kind, listed), found in (
        (v1, received(values)),
        (faithful, received(values, faithful=True)),
        (faithful, received(values, hinted)),
    ):
        assert found.dtype.kind == kind
        np.testing.assert_equal(found.tolist(), listed)


@pytest.mark.parametrize("faithful", [False, True])
@pytest.mark.parametrize(
    ("values", "numbers"),
    [([["NaN", 1.5]], [[np.nan, 1.5]]), ([["NaN"], ["-Infinity"]], [[np.nan], [-np.inf]])],
)
def test_the_words_of_non_finite_numbers_are_read_where_they_are_written(
    values: list[Any], numbers: Any, faithful: bool
) -> None:
    found = received(values, faithful=faithful, reads_words=True)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, numbers)
    assert received([["NaN", "x"]], reads_words=True).tolist() == [["NaN", "x"]]


@pytest.mark.parametrize("function", [hinted, optional, nested])
def test_the_hint_counts_in_every_spelling(function: Any) -> None:
    assert received(MIXED, function).tolist() == MIXED


def test_other_values_are_handed_on() -> None:
    receive = ArrayReading(faithful=True).receive(plain)
    for value in ("x", b"x", {"a": 1}, None, [1, "x"]):
        assert receive(value) is value


def test_text_that_swallowed_numbers_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    receive = ArrayReading().receive(plain)
    receive(array_from_list([["a", "b"]], "ndarray", Limits()))
    assert caplog.messages == []
    for _ in range(3):
        receive(array_from_list(MIXED, "ndarray", Limits()))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "SELDON_ARRAYS=faithful" in record.getMessage()
    assert "FaithfulArray" in record.getMessage()


def test_a_faithful_component_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    received(MIXED, faithful=True)
    assert caplog.messages == []


class Every:
    """Shows the arrays that each of its methods receives, some of them with the hint."""

    def predict(self, X: FaithfulArray, names: Any) -> Any:
        return shown(X)

    def transform_input(self, X: Any, names: Any) -> Any:
        return shown(X)

    def route(self, X: FaithfulArray, names: Any) -> Any:
        self.routed = X
        return 1

    def aggregate(self, features_list: list[FaithfulArray], names_list: Any) -> Any:
        return {"all": [shown(X) for X in features_list]}

    def send_feedback(self, features: FaithfulArray, names: Any, reward: float, truth: Any) -> Any:
        return {"features": shown(features), "truth": shown(truth)}

    def score(self, X: FaithfulArray, names: Any) -> Any:
        return [str(shown(X))]


def shown(X: Any) -> Any:
    return {"kind": X.dtype.kind, "X": X.tolist()}


def message() -> Message:
    return Message(Payload(Kind.NDARRAY, array_from_list(MIXED, "ndarray", Limits())))


def test_each_method_has_its_own_hint() -> None:
    component = ComponentAdapter(Every())
    faithful = {"kind": "O", "X": MIXED}
    assert component.predict(Method.PREDICT, message()).payload == Payload(Kind.JSON, faithful)
    as_text = component.predict(Method.TRANSFORM_INPUT, message()).payload
    assert as_text == Payload(Kind.JSON, {"kind": "U", "X": [["1", "x", "1.5"]]})
    component.predict(Method.ROUTE, message())
    assert component.user.routed.tolist() == MIXED  # type: ignore[attr-defined]
    combined = component.predict(Method.AGGREGATE, [message(), message()]).payload
    assert combined == Payload(Kind.JSON, {"all": [faithful, faithful]})
    learned = component.predict(Method.SEND_FEEDBACK, Feedback(request=message(), truth=message())).payload
    assert learned == Payload(Kind.JSON, {"features": faithful, "truth": faithful})


def test_the_score_of_an_outlier_detector_has_the_hint_too() -> None:
    component = ComponentAdapter(Every(), service_type=ServiceType.OUTLIER_DETECTOR)
    answer = component.predict(Method.TRANSFORM_INPUT, message())
    assert answer.meta.tags == {"outlierScore": [str({"kind": "O", "X": MIXED})]}


@pytest.mark.parametrize(
    ("values", "numbers"),
    [([1, None], [1.0, np.nan]), (["NaN", 1.5], [np.nan, 1.5]), ([None], [np.nan])],
)
def test_null_and_the_words_are_nan_in_a_tensor(values: list[Any], numbers: list[float]) -> None:
    class Keeps:
        def predict(self, X: Any, names: Any) -> Any:
            self.X = X
            return X

    user = Keeps()
    wire = {"data": {"tensor": {"shape": [len(values)], "values": values}}}
    run_call(ComponentAdapter(user), Call(Method.PREDICT, wire, JsonCodec(Limits()), "test"))
    assert user.X.dtype == np.float64
    np.testing.assert_array_equal(user.X, numbers)
