"""Answers in a batch are those that each request has alone."""

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
    ServiceType,
    embedded_predictor,
)
from seldon_runtime_batching.batcher import RowBatcher
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.prediction import Policy

from .doubles import Doubles


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
