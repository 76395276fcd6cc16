"""Each request of a batch is answered as it would be alone, from fewer calls of the user's method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from plugins.batching.tests.conftest import Batch, rows

from seldon_runtime.plugin import (
    ComponentFailed,
    Identity,
    Kind,
    Message,
    Meta,
    Method,
    Payload,
    SeldonError,
    ServiceType,
    embedded_predictor,
)
from seldon_runtime_batching.batcher import RowBatcher
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.prediction import Policy


class Doubles:
    """Doubles rows, and refuses a batch with a negative number."""

    class_names = ("twice", "sum")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.calls.append(len(X))
        if np.min(X) < 0:
            raise ValueError("a negative number")
        return np.column_stack([2 * X[:, 0], X.sum(axis=1)])

    def tags(self) -> dict[str, Any]:
        return {"model": 1}

    def metrics(self) -> list[dict[str, Any]]:
        return [{"type": "COUNTER", "key": "predictions", "value": 1}]


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


class Lists(Doubles):
    """Answers with lists, whose form depends on the kind of the request: 1 stays 1, or becomes 1.0."""

    def predict(self, X: Any, names: Any) -> Any:
        return [[1, float(row.sum()) / 2] for row in super().predict(X, names)]


class Masks(Doubles):
    """Answers with masked values: null, or NaN."""

    def predict(self, X: Any, names: Any) -> Any:
        return np.ma.masked_greater(super().predict(X, names), 4)


@pytest.mark.parametrize(
    ("user", "ndarray", "tensor"),
    [
        (Lists, [[1, 5.0]], np.array([[1.0, 5.0]])),
        (Masks, [[4.0, None]], np.array([[4.0, np.nan]])),
    ],
)
def test_the_kind_of_a_request_decides_the_answer_so_that_kinds_do_not_share_a_batch(
    batch: Batch, user: type, ndarray: Any, tensor: Any
) -> None:
    requests = [
        rows([2.0, 4.0]),
        rows([2.0, 4.0], kind=Kind.TENSOR),
        Message(Payload(Kind.ARRAYS, {"x": np.array([[2.0, 4.0]])}, [])),
    ]
    by_ndarray, by_tensor, by_arrays = batch(user(), requests)
    assert by_ndarray.payload.value == ndarray
    np.testing.assert_array_equal(by_tensor.payload.value, tensor)
    np.testing.assert_array_equal(by_arrays.payload.value["output-0"], tensor)


KINDS = st.sampled_from([Kind.NDARRAY, Kind.TENSOR, Kind.ARRAYS])
ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype("f8"), np.dtype("f4"), np.dtype("i8")]),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    elements=st.integers(-2, 9),
)
METAS = st.sampled_from([Meta(), Meta(puid="p"), Meta(tags={"t": 1}), Meta(puid="q", tags={"t": 1})])
REQUESTS = st.builds(
    lambda kind, value, meta: Message(
        Payload(kind, {"x": value} if kind is Kind.ARRAYS else value),
        meta,
        {"tags": dict(meta.tags)} if meta.tags else None,
    ),
    KINDS,
    ARRAYS,
    METAS,
)


@given(
    requests=st.lists(REQUESTS, min_size=1, max_size=12),
    most_rows=st.integers(1, 8),
    preferred=st.sampled_from([(), (4, 2)]),
    kind=st.sampled_from([Doubles, Lists, Masks]),
)
def test_whatever_is_batched_has_the_answer_that_it_has_alone(
    requests: list[Message], most_rows: int, preferred: tuple[int, ...], kind: type[Doubles]
) -> None:
    policy = Policy(most_rows, preferred, splits=True, retries_alone=False)
    user = kind()
    batcher = RowBatcher(Marks(user, ServiceType.MODEL), policy, Identity(), 0.0)
    answers = batcher.predict(Method.PREDICT, requests, embedded_predictor(user).answer)
    alone = embedded_predictor(kind())
    for request, answer in zip(requests, answers, strict=True):
        expected = answered(alone, request)
        assert type(answer) is type(expected)
        if isinstance(expected, ComponentFailed):
            assert answer.message == expected.message  # type: ignore[union-attr]
            continue
        assert answer.payload.kind is expected.payload.kind  # type: ignore[union-attr]
        for value, wanted in zip(values_of(answer), values_of(expected), strict=True):
            if kind is Masks:  # the mask of one row makes a list, or floats, of all
                np.testing.assert_array_equal(np.array(value, float), np.array(wanted, float))
            else:
                assert (repr(value), type_of(value)) == (repr(wanted), type_of(wanted))
        assert (answer.meta.puid, answer.meta.tags) == (expected.meta.puid, expected.meta.tags)  # type: ignore[union-attr]


def values_of(answer: Any) -> list[Any]:
    """The values of an answer, of which arrays by name may have several."""
    value = answer.payload.value
    return list(value.values()) if isinstance(value, dict) else [value]


def type_of(value: Any) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray) else "list"


def answered(predictor: Any, request: Message) -> Any:
    """The answer of a request, or its error."""
    try:
        return predictor.answer(Method.PREDICT, request)
    except ComponentFailed as error:
        return error
