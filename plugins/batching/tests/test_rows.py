"""The shares of an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plugins.batching.tests.conftest import rows

from seldon_runtime.plugin import Kind, Message, Payload
from seldon_runtime_batching.rows import shares, stacked

TWO = [rows([1, 2]), rows([3, 4], [5, 6])]


def test_the_rows_of_all_are_one_array_in_their_order() -> None:
    request = stacked(TWO)
    assert request.payload is not None
    assert request.payload.value.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (np.array([1, 2, 3]), [[1], [2, 3]]),
        ([["a"], ["b"], ["c"]], [[["a"]], [["b"], ["c"]]]),
    ],
    ids=["array", "list"],
)
def test_each_caller_gets_its_rows(value: Any, parts: Any) -> None:
    found = shares(Message(Payload(Kind.NDARRAY, value)), TWO)
    assert found is not None
    assert [np.asarray(one.payload.value).tolist() for one in found] == parts  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "payload",
    [
        Payload(Kind.NDARRAY, np.array(3)),
        Payload(Kind.NDARRAY, np.zeros((2, 2))),
        Payload(Kind.NDARRAY, [1, 2]),
        Payload(Kind.STR, "abc"),
        Payload(Kind.JSON, [1, 2, 3]),
        Payload(Kind.ARRAYS, {"a": np.zeros(3), "b": np.zeros(2)}),
        None,
    ],
    ids=str,
)
def test_an_answer_with_other_rows_has_no_shares(payload: Payload | None) -> None:
    assert shares(Message(payload), TWO) is None
