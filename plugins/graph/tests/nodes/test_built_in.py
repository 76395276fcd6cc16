"""The built-in nodes."""

from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import NDARRAY, TENSOR, ErrorCode, Kind, Message, Meta, Payload, SeldonError
from seldon_runtime_graph.nodes.built_in import SimpleModel, average, random_branch


def message(value, names=(), kind=TENSOR, **meta):
    return Message(Payload(kind, value, names), Meta(**meta))


def test_an_average_has_names_and_kind_of_the_first_and_the_meta_of_all():
    first = message(np.array([[1, 2]]), ["a", "b"], NDARRAY, puid="p", tags={"x": 1}, request_path={"m": "i"})
    second = message(np.array([[2.0, 4.0]]), ["c", "d"], tags={"x": 2, "y": 3}, metrics=[{"key": "k"}])
    found = average("avg", ["a", "b"])([first, second])
    assert found.payload.value.tolist() == [[1.5, 3.0]]
    assert (found.payload.kind, found.payload.names) == (NDARRAY, ["a", "b"])
    assert found.meta == Meta("p", {"x": 2, "y": 3}, {}, {"m": "i"}, [{"key": "k"}])


@pytest.mark.parametrize(
    "answers",
    [
        [message(np.array([[1.0]])), message(np.array([[1.0, 2.0]]))],
        [Message(Payload(Kind.STR, "x"))],
        [Message(None)],
        [message(np.array([1.0]))],
        [message(np.array([["x"]]))],
        [message(np.empty((0, 2)))],
        [message([[1], [2, 3]], kind=NDARRAY)],
    ],
)
def test_an_average_of_other_answers_names_the_node_and_the_child(answers):
    with pytest.raises(SeldonError, match=r"the combiner 'avg' receives .* from '[ab]', expected ") as raised:
        average("avg", ["a", "b"][: len(answers)])(answers)
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


def test_a_random_branch_follows_the_ratio():
    assert {random_branch(1.0)() for _ in range(50)} == {0}
    assert {random_branch(0.0)() for _ in range(50)} == {1}
    assert {random_branch(0.5)() for _ in range(200)} == {0, 1}


def test_the_simple_model_answers_three_values_or_an_echo():
    model = SimpleModel()
    assert model.predict(np.array([[7.0]])).tolist() == [[0.1, 0.9, 0.5]]
    assert model.class_names() == ["class0", "class1", "class2"]
    assert (model.predict("x"), model.predict(b"x")) == ("x", b"x")
