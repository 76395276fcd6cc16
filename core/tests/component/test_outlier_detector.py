"""An outlier detector answers the request itself, with its scores as a tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.method import Method

Ask = Callable[..., Any]

ROWS = {"data": {"names": ["a"], "ndarray": [[1], [2]]}, "unknown": {"kept": True}}


class Detector:
    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def score(self, X, names):  # type: ignore[no-untyped-def]
        self.names = names
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


def detected(ask: Ask, user: object, body: Any, **identity: Any) -> Any:
    return ask(
        user,
        "transform_input",
        body,
        identity=Identity(**identity),
        service_type=ServiceType.OUTLIER_DETECTOR,
    )


@pytest.mark.parametrize(
    ("scores", "tag"),
    [
        (np.array([0.5, 0.25]), [0.5, 0.25]),
        ([1, 0], [1, 0]),
        ((True, False), [True, False]),
        (np.array([[0.5], [0.25]]), [[0.5], [0.25]]),
        ([np.float32(0.5), np.int64(3)], [0.5, 3]),
        ([], []),
        (["low", "high"], ["low", "high"]),
    ],
    ids=["array", "list", "tuple", "two dimensions", "numpy values", "empty", "text"],
)
def test_the_scores_become_a_tag_of_the_request(ask: Ask, scores: Any, tag: Any) -> None:
    assert detected(ask, Detector(scores), ROWS) == {**ROWS, "meta": {"tags": {"outlierScore": tag}}}


@pytest.mark.parametrize("scores", [0.5, np.float64(0.5), np.array(0.5), None, "high", {"a": 1}])
def test_anything_but_one_score_a_row_is_the_components_failure(ask: Ask, scores: Any) -> None:
    with pytest.raises(SeldonError, match="expected one number for each row") as caught:
        detected(ask, Detector(scores), ROWS)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_the_requests_meta_stays_and_is_added_to(ask: Ask) -> None:
    user = Detector([1])
    user.__class__ = type("Tagged", (Detector,), {"tags": lambda self: {"own": 1, "both": "component"}})
    meta = {"puid": "p", "tags": {"both": "request", "a": 1}, "routing": {"r": 2}, "odd": None}
    answer = detected(ask, user, {**ROWS, "meta": meta}, unit="u", image="i:1")
    assert answer["meta"] == {
        **meta,
        "tags": {"both": "component", "a": 1, "own": 1, "outlierScore": [1]},
        "requestPath": {"u": "i:1"},
    }


def test_names_are_none_when_there_are_none(ask: Ask) -> None:
    user = Detector([1])
    detected(ask, user, ROWS)
    assert user.names == ["a"]
    for body in ({"strData": "s"}, {"data": {"ndarray": [1]}}, {"data": {"ndarray": [1], "names": None}}):
        detected(ask, user, body)
        assert user.names is None


def test_a_bad_request_or_a_failing_score_is_an_error(ask: Ask) -> None:
    with pytest.raises(SeldonError, match="the request holds nothing"):
        detected(ask, Detector([1]), {})
    with pytest.raises(ComponentFailed, match="no model"):
        detected(ask, Detector(ValueError("no model")), ROWS)


def test_a_detector_without_score_says_so(ask: Ask) -> None:
    with pytest.raises(SeldonError, match="object has no method score, which an outlier detector") as caught:
        detected(ask, object(), ROWS)
    assert caught.value.code is ErrorCode.NOT_IMPLEMENTED


def test_other_calls_are_those_of_any_component(ask: Ask) -> None:
    user = type("Both", (Detector,), {"predict": lambda self, X: "predicted"})([1])
    component = ComponentAdapter(user, service_type=ServiceType.OUTLIER_DETECTOR)
    assert component.methods == {Method.TRANSFORM_INPUT, Method.PREDICT}
    assert ask(component, "predict", ROWS)["strData"] == "predicted"


def test_a_method_called_score_is_nobodys_business_elsewhere(ask: Ask) -> None:
    class Classifier:
        def predict(self, X: Any) -> str:
            return "predicted"

        def score(self, X: Any, y: Any, weights: Any) -> float:
            raise AssertionError("called")

    component = ComponentAdapter(Classifier())
    assert component.methods == {Method.PREDICT}
    assert ask(component, "transform_input", {"strData": "s"})["strData"] == "s"
