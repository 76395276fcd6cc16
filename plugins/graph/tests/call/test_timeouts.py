"""The time limit of each node's call, on a clock that the test turns."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from seldon_runtime.plugin import Ask, ErrorCode, Message, Method, SeldonError
from seldon_runtime_graph.call.timeouts import BoundedCall


class Timers:
    """Timers that run when the test says so."""

    def __init__(self):
        self.set, self.released = [], 0

    def __call__(self, when, act):
        self.set.append(act)
        return SimpleNamespace(release=self._release)

    def _release(self):
        self.released += 1


def ask(name):
    return Ask(SimpleNamespace(identity=SimpleNamespace(unit=name)), Method.PREDICT, Message(None))


@pytest.fixture
def bound():
    outcomes = []
    timers = Timers()
    call = BoundedCall(lambda answer, error: outcomes.append((answer, error)), 0.5, timers)
    return SimpleNamespace(call=call, outcomes=outcomes, timers=timers)


def test_a_quick_graph_answers_once_and_releases_its_timers(bound):
    def steps():
        return [(yield ask("a")), (yield ask("b"))]

    taken = bound.call.bounded(steps())
    next(taken)
    taken.send(1)
    with pytest.raises(StopIteration) as end:
        taken.send(2)
    assert end.value.value == [1, 2]
    assert (len(bound.timers.set), bound.timers.released) == (2, 2)
    bound.call("answer", None)
    bound.timers.set[0]()
    assert bound.outcomes == [("answer", None)]


def test_a_slow_node_ends_the_call_with_its_name_and_no_further_node_is_asked(bound):
    def steps():
        yield ask("a")
        raise AssertionError("the graph went on")

    taken = bound.call.bounded(steps())
    next(taken)
    bound.timers.set[0]()
    ((answer, error),) = bound.outcomes
    assert answer is None
    assert error.code is ErrorCode.DEADLINE_EXCEEDED
    assert error.message == "the node 'a' did not answer within 0.5 s"
    with pytest.raises(SeldonError, match="node 'a'"):
        taken.send(1)
    bound.call("late", None)
    assert len(bound.outcomes) == 1


def test_children_have_limits_of_their_own_and_errors_reach_the_walk(bound):
    def child(name):
        return (yield ask(name))

    def steps():
        try:
            yield [child("a"), child("b")]
        except SeldonError as error:
            return error.message
        return "no error"

    taken = bound.call.bounded(steps())
    branches = next(taken)
    for branch in branches:
        next(branch)
    assert len(bound.timers.set) == 2
    with pytest.raises(StopIteration) as end:
        taken.throw(SeldonError("b fails"))
    assert end.value.value == "b fails"
