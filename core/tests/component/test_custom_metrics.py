"""Metrics of user code: checked before any of them counts."""

from __future__ import annotations

from collections import UserDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.custom_metrics import as_list, checked, shown
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import Method


def metric(**changes: Any) -> dict[str, Any]:
    return {"type": "GAUGE", "key": "k", "value": 1, **changes}


def refusal(metrics: Any) -> str:
    with pytest.raises(SeldonError) as caught:
        checked(as_list(metrics))
    assert caught.value.code is ErrorCode.BAD_METRIC
    return caught.value.message


@pytest.mark.parametrize("kind", ["COUNTER", "GAUGE", "TIMER"])
def test_a_metric_is_typed(kind: str) -> None:
    assert checked([metric(type=kind, value=2, tags={"a": 1, 2: None})]) == [
        Metric("k", kind, 2.0, {"a": "1", "2": "None"})
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [(True, 1.0), (-5, -5.0), (np.int64(3), 3.0), (np.float32(0.5), 0.5), (Fraction(1, 2), 0.5)],
)
def test_every_real_number_is_a_value(value: Any, number: float) -> None:
    assert checked([metric(value=value)])[0].value == number


def test_not_a_number_is_a_value() -> None:
    assert np.isnan(checked([metric(value=float("nan"))])[0].value)


def test_keys_may_be_whole_numbers_and_unknown_members_are_let_be() -> None:
    assert checked([metric(key=5, unit="ms")]) == [Metric("5", "GAUGE", 1.0)]


def test_any_mapping_is_a_metric() -> None:
    assert checked([UserDict(metric())]) == [Metric("k", "GAUGE", 1.0)]


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_none_and_empty_are_no_metrics(nothing: Any) -> None:
    assert checked(as_list(nothing)) == []


@pytest.mark.parametrize("metrics", ["c", {"key": "k"}, 5, {1}, iter([])])
def test_what_is_no_list_is_refused(metrics: Any) -> None:
    assert "expected a list of metrics; got " in refusal(metrics)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("c", "expected an object with type, key and value"),
        (None, "expected an object with type, key and value"),
        ({}, "type must be COUNTER, GAUGE or TIMER"),
        (metric(type="gauge"), "type must be COUNTER, GAUGE or TIMER"),
        (metric(type=["GAUGE"]), "type must be COUNTER, GAUGE or TIMER"),
        (metric(key=None), "key must be text"),
        (metric(key=True), "key must be text"),
        (metric(value=None), "value must be a 64-bit number"),
        (metric(value="1"), "value must be a 64-bit number"),
        (metric(value=[1]), "value must be a 64-bit number"),
        (metric(value=1j), "value must be a 64-bit number"),
        (metric(value=Decimal(1)), "value must be a 64-bit number"),
        (metric(value=10**400), "value must be a 64-bit number"),
        (metric(tags=None), "tags must be an object"),
        (metric(tags=["a"]), "tags must be an object"),
    ],
)
def test_a_bad_metric_is_refused_with_what_it_was(bad: Any, why: str) -> None:
    assert refusal([metric(), bad]).startswith(f"invalid custom metric: {why}; got ")


def test_what_is_shown_of_a_bad_metric_is_short_and_survives_anything() -> None:
    assert len(refusal([metric(type=object(), value="v" * 10_000, tags={(1, 2): 3})])) < 350


def test_metrics_are_shown_as_given_with_the_method_beside_their_tags() -> None:
    plain, tagged = metric(unit="ms"), metric(tags={"a": 1})
    assert shown([plain, tagged, metric(tags={})], Method.TRANSFORM_INPUT) == [
        metric(unit="ms"),
        metric(tags={"a": 1, "method": "inputtransform"}),
        metric(tags={"method": "inputtransform"}),
    ]
    assert tagged == metric(tags={"a": 1})
