"""Each request of a batch is answered as it would be alone, from fewer calls of the user's method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plugins.batching.tests.conftest import Batch, rows

from seldon_runtime.plugin import (
    Kind,
    Message,
    Method,
    Payload,
    SeldonError,
    ServiceType,
    embedded_predictor,
)
from seldon_runtime_batching.marks import Marks

from .doubles import Doubles


def values(answers: list[Any]) -> list[Any]:
    return [
        answer if isinstance(answer, SeldonError) else answer.payload.value.tolist() for answer in answers
    ]


def test_rows_that_fit_together_are_one_call(batch: Batch) -> None:
    user = Doubles()
    answers = batch(user, [rows([1, 2]), rows([3, 4], [5, 6]), rows([7, 8])])
    assert user.calls == [4]
    assert values(answers) == [[[2, 3]], [[6, 7], [10, 11]], [[14, 15]]]
    assert [list(answer.payload.names) for answer in answers] == [["twice", "sum"]] * 3


@pytest.mark.parametrize(
    "other",
    [
        rows([1.0, 2.0]),
        rows([1, 2, 3]),
        rows([1, 2], kind=Kind.TENSOR),
        rows([1, 2], names=["a", "b"]),
        rows([1, 2], tags={"temperature": 1}),
    ],
    ids=["type", "columns", "kind", "names", "tags"],
)
def test_requests_that_differ_are_apart(batch: Batch, other: Message) -> None:
    user = Doubles()
    requests = [rows([3, 4]), other, rows([5, 6])]
    alone = embedded_predictor(Doubles())
    assert values(batch(user, requests)) == values([alone.answer(Method.PREDICT, one) for one in requests])
    assert sorted(user.calls) == [1, 2]


@pytest.mark.parametrize(
    "request_",
    [
        Message(Payload(Kind.NDARRAY, np.array([1, 2]))),
        Message(Payload(Kind.NDARRAY, np.zeros((0, 2)))),
        Message(Payload(Kind.NDARRAY, np.array([["a", 1]], object))),
        Message(Payload(Kind.STR, "text")),
        Message(Payload(Kind.ARRAYS, {"a": np.zeros(2), "b": np.zeros(3)})),
        Message(Payload(Kind.ARRAYS, {"a": np.array(1)})),
    ],
    ids=["one row without a frame", "no row", "objects", "text", "arrays of several lengths", "a scalar"],
)
def test_what_has_no_rows_runs_alone(batch: Batch, request_: Message) -> None:
    seen: list[Any] = []

    class Echo:
        def predict(self, X: Any, names: Any) -> Any:
            seen.append(X)
            return X

        def infer(self, inputs: Any) -> Any:
            seen.append(inputs)
            return inputs

    batch(Echo(), [request_, request_])
    assert len(seen) == 2


def test_arrays_by_name_are_stacked_by_name(batch: Batch) -> None:
    class Adds:
        calls = 0

        def infer(self, inputs: Any) -> Any:
            self.calls += 1
            return {"sum": inputs["a"] + inputs["b"]}

    user = Adds()
    requests = [
        Message(Payload(Kind.ARRAYS, {"a": np.array([n, n]), "b": np.array([1, 2])})) for n in range(3)
    ]
    answers = batch(user, requests)
    assert user.calls == 1
    assert [answer.payload.value["sum"].tolist() for answer in answers] == [[n + 1, n + 2] for n in range(3)]


def test_meta_is_each_callers_own_and_metrics_count_once(batch: Batch) -> None:
    answers = batch(
        Doubles(), [rows([1, 2], puid="one", tags={"a": 1}), rows([3, 4], puid="two", tags={"a": 1})]
    )
    assert [(answer.meta.puid, answer.meta.tags) for answer in answers] == [
        ("one", {"a": 1, "model": 1}),
        ("two", {"a": 1, "model": 1}),
    ]
    assert [len(answer.metrics) for answer in answers] == [1, 0]


def test_a_method_that_reads_meta_gets_each_meta_alone(batch: Batch) -> None:
    class Reads:
        def predict(self, X: Any, names: Any, meta: Any = None) -> Any:
            return np.full(len(X), (meta or {}).get("tags", {}).get("by", 0))

    requests = [rows([1], tags={"by": 2}), rows([1], tags={"by": 2}), rows([1]), rows([1])]
    assert values(batch(Reads(), requests)) == [[2], [2], [0], [0]]


def test_the_request_that_fails_is_found_by_halving(batch: Batch) -> None:
    user = Doubles()
    answers = batch(user, [rows([n, 1]) for n in (1, 2, -3, 4)])
    assert [isinstance(answer, SeldonError) for answer in answers] == [False, False, True, False]
    assert user.calls == [4, 2, 2, 1, 1]


def test_a_batch_may_fail_whole(batch: Batch) -> None:
    user = Doubles()
    answers = batch(user, [rows([1, 1]), rows([-1, 1])], splits=False)
    assert [answer.message for answer in answers] == ["ValueError: a negative number"] * 2
    assert user.calls == [2]


class Means:
    def predict(self, X: Any, names: Any) -> Any:
        return X.mean(axis=0)


def test_an_answer_without_a_row_for_each_row_is_everybodys_error(batch: Batch) -> None:
    answers = batch(Means(), [rows([1, 2, 3]), rows([4, 5, 6])])
    assert [answer.message for answer in answers] == [
        "predict returned an array of shape [3] for a batch of 2 rows, expected a row for each: set "
        "batchable = False in the class, or --batch-on-mismatch alone"
    ] * 2


def test_after_a_mismatch_each_request_may_run_alone(batch: Batch) -> None:
    assert values(batch(Means(), [rows([1, 2, 3]), rows([4, 5, 6])], retries_alone=True)) == [
        [1, 2, 3],
        [4, 5, 6],
    ]


@pytest.mark.parametrize(
    ("sizes", "policy", "calls"),
    [
        ([1] * 7, {"most_rows": 3}, [3, 3, 1]),
        ([2, 2, 5, 1, 1], {"most_rows": 4}, [4, 5, 2]),
        ([1] * 13, {"most_rows": 16, "preferred": (8, 4)}, [8, 4, 1]),
        ([3, 3, 3], {"most_rows": 16, "preferred": (8, 4)}, [6, 3]),
    ],
)
def test_a_batch_has_at_most_its_rows_and_likes_preferred_sizes(
    batch: Batch, sizes: list[int], policy: Any, calls: list[int]
) -> None:
    user = Doubles()
    batch(user, [rows(*[[1, 2]] * size) for size in sizes], **policy)
    assert user.calls == calls


@pytest.mark.parametrize("place", ["class", "method"])
def test_a_class_or_a_method_may_want_no_batches(place: str) -> None:
    class Ordered:
        def predict(self, X: Any, names: Any) -> Any:
            return X

        def transform_input(self, X: Any, names: Any) -> Any:
            return X

    if place == "class":
        Ordered.batchable = False  # type: ignore[attr-defined]
    else:
        Ordered.predict.batchable = False  # type: ignore[attr-defined]
    batched = Marks(Ordered(), ServiceType.MODEL).methods
    assert Method.PREDICT not in batched
    assert (Method.TRANSFORM_INPUT in batched) is (place == "method")


def test_a_method_that_yields_is_not_batched() -> None:
    class Streams:
        def predict(self, X: Any, names: Any) -> Any:
            yield X

        async def transform_input(self, X: Any, names: Any) -> Any:
            yield X

    assert Marks(Streams(), ServiceType.MODEL).methods == {Method.TRANSFORM_OUTPUT}


def test_an_outlier_detectors_scores_are_each_requests_own() -> None:
    assert Method.TRANSFORM_INPUT not in Marks(Doubles(), ServiceType.OUTLIER_DETECTOR).methods
