"""The steps of a prediction through a graph, as the incumbent's executor takes them.

For each node: its first call; with children the route, the children and the combination; then its output
transformation. A single child makes no step of its own, so a chain of any length is one loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_runtime.plugin import Ask, Message, SeldonError, Steps, Stream
from seldon_runtime_graph.walk.asking import Asking
from seldon_runtime_graph.walk.branches import ALL, branch_of
from seldon_runtime_graph.walk.edges import kept
from seldon_runtime_graph.walk.flight import Flight, whole
from seldon_runtime_graph.walk.plan import PlannedNode


def predict(node: PlannedNode, flight: Flight) -> Steps:
    """Yield the steps of a graph, and return its answer: a message, or the stream of a node.

    The walk calls the nodes of the current thread itself, as far as the flight knows the thread. It yields
    a step for an answer of theirs that is unfinished.

    Args:
        node: the root.
        flight: the request.

    Raises:
        SeldonError: the error of a node; of several children that of the first in the list. A wrong route.
    """
    waiting: list[PlannedNode] = []
    routing = flight.routing
    try:
        while True:
            ask = node.ask_first
            if ask is not None:
                if ask.executor is not flight.executor:
                    ask.take(flight, (yield from ask.answered(ask.step(flight))))
                    flight.moved(ask.executor)
                elif (step := ask.now(flight)) is not None:
                    ask.take(flight, (yield from ask.answered(step)))
                routing[node.name] = ALL
            children = node.children
            if children:
                branch = ALL
                if node.ask_route is not None:
                    answer = yield from _answer(node.ask_route, flight)
                    node.ask_route.count(flight, answer)
                    branch = branch_of(answer, node.name, len(children))
                elif node.choose is not None:
                    branch = node.choose()
                routing[node.name] = branch
                if branch >= 0 or (branch == ALL and len(children) == 1):
                    waiting.append(node)
                    node = children[max(branch, 0)]
                    continue
                if branch == ALL:
                    yield from _combined(node, (yield from _branches(children, flight)), flight)
            while True:
                ask = node.ask_output
                if ask is not None:
                    if ask.executor is not flight.executor:
                        ask.take(flight, (yield from ask.answered(ask.step(flight))))
                        flight.moved(ask.executor)
                    elif (step := ask.now(flight)) is not None:
                        ask.take(flight, (yield from ask.answered(step)))
                if not waiting:
                    flight.asked = None
                    result: Message | Stream = flight.result() if flight.is_branch else flight.ended()
                    return result
                node = waiting.pop()
                if node.combine is not None or node.ask_aggregate is not None:
                    yield from _combined(node, [flight.result()], flight)
    except BaseException:
        flight.asked, flight.branches = None, ()
        raise


def _answer(ask: Asking, flight: Flight, request: Any = None) -> Any:
    """Yield the step of a call whose answer the flight does not take, and return the answer."""
    if ask.executor is not flight.executor:
        answer = yield from ask.answered(ask.step(flight, request))
        flight.moved(ask.executor)
        return answer
    answer = ask.answer(flight, request)
    step = ask.unfinished(answer)
    return answer if step is None else (yield from ask.answered(step))


def _combined(node: PlannedNode, answers: list[Any], flight: Flight) -> Any:
    """Have the flight take the combination of the children's answers; without a combiner the first answer."""
    flight.branches = ()
    ask = node.ask_aggregate
    if node.combine is not None:
        flight.replaced(node.combine([whole(answer, node.name) for answer in answers]))
    elif ask is None:
        flight.replaced(answers[0])
    else:
        given = [ask.copy(whole(answer, node.name)) for answer in answers]
        ask.take(flight, (yield from _answer(ask, flight, given)))


def _branches(children: Sequence[PlannedNode], flight: Flight) -> Any:
    """Yield the steps of several children, and return their answers.

    Nodes on this thread answer one after the other. Those whose answers are unfinished go on together.
    Answers that wait for others are copies.

    Raises:
        SeldonError: the error of the first child in the list that has one; all have ended before.
    """
    flights = [flight.branch(child.name) for child in children]
    flight.branches = flights
    branches = [predict(child, below) for child, below in zip(children, flights, strict=True)]
    if not flight.stays:
        answers = yield [_kept(steps) for steps in branches]
        flight.moved(None)
        return answers
    begun = [_begun(steps) for steps in branches]
    if any(step is not None for step, _, _ in begun):
        begun = [(step, kept(answer), error) for step, answer, error in begun]
        return (yield [_rest(steps, *each) for steps, each in zip(branches, begun, strict=True)])
    for _, _, error in begun:
        if error is not None:
            raise error
    return [answer for _, answer, _ in begun]


def _kept(steps: Steps) -> Steps:
    """Yield the steps of a child, and return a copy of its answer, made on the thread of its last node."""
    return kept((yield from steps))  # type: ignore[no-any-return]


_Begun = tuple[Ask | list[Any] | None, Any, SeldonError | None]
"""The first step of a child; or None, and its answer or its error."""


def _begun(steps: Steps) -> _Begun:
    try:
        return steps.send(None), None, None
    except StopIteration as end:
        return None, end.value, None
    except SeldonError as error:
        return None, None, error


def _rest(steps: Steps, step: Any, answer: Any, error: SeldonError | None) -> Steps:
    """Yield the steps of a child from its first step on, and return its answer."""
    if error is not None:
        raise error
    try:
        while step is not None:
            try:
                given = yield step
            except SeldonError as raised:
                step = steps.throw(raised)
            else:
                step = steps.send(given)
    except StopIteration as end:
        return kept(end.value)  # type: ignore[no-any-return]
    return answer  # type: ignore[no-any-return]
