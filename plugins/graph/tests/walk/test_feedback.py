"""Feedback: it follows the routing, from below."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import Feedback, Message, Meta, SeldonError
from seldon_runtime_graph.spec.model import Node
from seldon_runtime_graph.walk.feedback import learn, routing_of
from seldon_runtime_graph.walk.plan import plan
from seldon_runtime_graph.walk.whereabouts import Whereabouts


def tree():
    below = Node("s", "graph.s", "ROUTER", None, None, {}, (Node("b", "g.b"), Node("c", "g.c")))
    return Node("r", "graph", "ROUTER", None, None, {}, (Node("a", "g.a"), below))


@pytest.fixture
def told(parts):
    """``told(root, routing, fails)``: the nodes that learn, in order, and the answer or the error."""

    def told(root, routing, fails=(), place=None):
        order = []
        place = Whereabouts() if place is None else place

        class Learns(parts.Part):
            def answer(self, method, request):
                order.append(self.name)
                return super().answer(method, request)

        planned = plan(root)
        for node in planned.walk():
            node.unit = Learns(node.name, fails={"send_feedback"} if node.name in fails else frozenset())
        feedback = Feedback(response=Message(None, Meta(routing=routing)), reward=1.0)
        try:
            answer = parts.take(learn(planned, feedback, routing_of(feedback, planned), [], place))
        except SeldonError as error:
            return order, error.message
        return order, answer

    return told


@pytest.mark.parametrize(
    ("routing", "wanted"),
    [
        ({}, ["a", "b", "c", "s", "r"]),
        ({"r": 0}, ["a", "r"]),
        ({"r": 1, "s": 0}, ["b", "s", "r"]),
        ({"r": 1, "s": -1}, ["b", "c", "s", "r"]),
        ({"r": -2}, ["r"]),
        ({"r": 1.0, "s": 1}, ["c", "s", "r"]),
        ({"unknown": 7, "r": 0}, ["a", "r"]),
    ],
)
def test_the_nodes_of_the_answer_learn_from_below(told, routing, wanted):
    assert told(tree(), routing)[0] == wanted


@pytest.mark.parametrize("branch", [2, -3, 0.5, True, "1"])
def test_a_branch_that_is_not_there_is_the_clients_fault(told, branch):
    order, message = told(tree(), {"r": branch})
    assert order == []
    assert message.startswith("response.meta.routing['r'] is ")


@pytest.mark.parametrize(("name", "last"), [("r", 1), ("a", 0)])
def test_a_wrong_branch_is_told_with_those_that_are_there(told, name, last):
    wanted = f"response.meta.routing[{name!r}] is 2, expected -2 to {last}"
    assert told(tree(), {name: 2}) == ([], wanted)
    assert told(tree(), {name: last})[0]


def test_an_error_below_keeps_the_nodes_above_from_learning(told):
    assert told(tree(), {"r": 0}, fails={"a"}) == (["a"], "a fails in send_feedback")
    order, message = told(tree(), {}, fails={"c", "b"})
    assert order == ["a", "b", "c"]
    assert message == "b fails in send_feedback"


def test_a_node_that_failed_is_that_of_a_call_whose_time_ends_just_then(told):
    place = Whereabouts()
    told(tree(), {"r": 0}, fails={"a"}, place=place)
    assert place.text() == "the node 'a'"


def test_a_call_does_not_wait_for_a_branch_that_failed(told):
    place = Whereabouts()
    told(tree(), {"r": 1, "s": -1}, fails={"b"}, place=place)
    assert place.text() == ""


def test_a_root_that_does_not_learn_answers_with_an_empty_array(told):
    root = Node("c", "graph", "COMBINER", None, None, {}, (Node("a", "g.a"), Node("b", "g.b")))
    order, answer = told(root, {})
    assert order == ["a", "b"]
    assert answer.payload.value.size == 0


def test_methods_add_the_feedback_to_a_type_that_does_not_learn(told):
    root = Node("t", "graph", "TRANSFORMER", ("SEND_FEEDBACK",), None, {}, (Node("x", "g.x", None, ()),))
    assert told(root, {})[0] == ["t"]
