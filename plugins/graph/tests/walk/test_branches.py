"""The branch in a router's answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seldon_runtime.plugin import NDARRAY, TENSOR, TFTENSOR, ErrorCode, Kind, Message, Payload, SeldonError
from seldon_runtime_graph.walk.branches import branch_of


def message(value, kind=NDARRAY):
    return Message(Payload(kind, value))


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (np.array([[1]]), NDARRAY, 1),
        (np.array([1]), TENSOR, 1),
        (np.array(1), TFTENSOR, 1),
        (np.array([[1, 0], [0, 0]]), TENSOR, 1),
        (np.array([[1.7]]), NDARRAY, 1),
        (np.array([[-1]]), NDARRAY, -1),
        (np.array([[-2.0]]), NDARRAY, -2),
        (np.array([[True]]), NDARRAY, 1),
        ([[1]], NDARRAY, 1),
        ([1, [2]], NDARRAY, 1),
        ([[1, 2], [3]], NDARRAY, 1),
    ],
)
def test_the_first_number_is_the_branch(value, kind, wanted):
    assert branch_of(message(value, kind), "r", 2) == wanted


@pytest.mark.parametrize(
    "answer",
    [
        Message(None),
        Message(Payload(Kind.STR, "1")),
        Message(Payload(Kind.JSON, {"route": 1})),
        message([]),
        message([[]]),
        message(np.array([])),
        message(np.array([[math.nan]])),
        message(np.array([[math.inf]])),
        message(np.array([["1"]])),
        message([None]),
        object(),
    ],
)
def test_an_answer_without_a_number_names_the_router(answer):
    with pytest.raises(SeldonError, match="the router 'r' answered without a number") as raised:
        branch_of(answer, "r", 2)
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("branch", [2, -3, 10**30])
def test_a_branch_that_is_not_there_names_the_router(branch):
    with pytest.raises(SeldonError, match=r"the router 'r' chose the branch .*, expected -2 to 1"):
        branch_of(message(np.array([[branch]], dtype=object)), "r", 2)
