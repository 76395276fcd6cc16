"""The steps of a prediction through a graph, as the incumbent's executor takes them.

For each node: its first call; with children the route, the children and the combination; then its output
transformation. A single child makes no step of its own, so a chain of any length is one loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from seldon_runtime.plugin import NO_META, Ask, Message, SeldonError, Steps, Stream
from seldon_runtime_graph.walk.asking import Asking, Halt, along
from seldon_runtime_graph.walk.branches import ALL, branch_of
from seldon_runtime_graph.walk.edges import kept
from seldon_runtime_graph.walk.flight import Flight, whole
from seldon_runtime_graph.walk.plan import Line, PlannedNode


def predict(root: PlannedNode, flight: Flight) -> Message | Stream | Steps:
    """Return the answer of a graph if this thread makes it at once, else the steps to the answer.

    The walk calls the nodes of the current thread itself, as far as the flight knows the thread. It yields
    a step for an answer of theirs that is unfinished.

    Args:
        root: the root.
        flight: the request.

    Raises:
        SeldonError: the error of a node, as the steps raise it.
    """
    line = root.line
    if flight.executor is None or line.end is not None:
        return walk(line, flight)
    asks = iter(line.asks)
    halt = along(asks, flight)
    if halt is not None:
        return walk(line, flight, asks, halt)
    flight.asked = None
    routing = flight.routing
    if not routing and 0 < len(flight.answered) == len(line.asks) and flight.message.meta is NO_META:
        return Message(flight.payload, line.meta)  # most calls
    routing.update(line.routing)
    return flight.ended(line.metas)


def walk(line: Line, flight: Flight, asks: Iterator[Asking] | None = None, halt: Halt | None = None) -> Steps:
    """Yield the steps of a graph, and return its answer: a message, or the stream of a node.

    Args:
        line: the calls from the root on.
        flight: the request.
        asks: the calls of the line that have not begun, if it has begun.
        halt: the call that needs a step.

    Raises:
        SeldonError: the error of a node; of several children that of the first in the list. A wrong route.
    """
    metas, waiting, routing = line.metas, [], flight.routing
    try:
        while True:
            routing.update(line.routing)
            if asks is None:
                asks = iter(line.asks)
                halt = along(asks, flight)
            if halt is not None:
                yield from _taken(asks, flight, halt)
            node = line.end
            if node is not None:
                branch = ALL
                if node.ask_route is not None:
                    answer = yield from _answer(node.ask_route, flight)
                    node.ask_route.count(flight, answer)
                    branch = branch_of(answer, node.name, len(node.children))
                elif node.choose is not None:
                    branch = node.choose()
                routing[node.name] = branch
                if branch >= 0 or (branch == ALL and len(node.children) == 1):
                    waiting.append(line)
                    line, asks = node.children[max(branch, 0)].line, None
                    continue
                if branch == ALL:
                    yield from _combined(node, (yield from _branches(node.children, flight)), flight)
            while True:
                asks = iter(line.back)
                if (halt := along(asks, flight)) is not None:
                    yield from _taken(asks, flight, halt)
                if not waiting:
                    flight.asked = None
                    result: Message | Stream = flight.result() if flight.nesting else flight.ended(metas)
                    return result
                line = waiting.pop()
                node = line.end
                assert node is not None
                if node.combine is not None or node.ask_aggregate is not None:
                    yield from _combined(node, [flight.result()], flight)
    except BaseException:
        flight.branches = ()
        if flight.nesting:  # other branches may go on; a call whose time ends just now names this node
            flight.asked = None
        raise


def _taken(asks: Iterator[Asking], flight: Flight, halt: Halt | None) -> Any:
    """Yield the steps of the calls that are left, and have the flight take the answers."""
    while halt is not None:
        ask, step = halt
        try:
            answer = yield step
        except SeldonError as raised:
            raise ask.named(raised) from raised.__cause__
        ask.take(flight, answer)
        flight.moved(ask.executor)
        halt = along(asks, flight)


def _answer(ask: Asking, flight: Flight, request: Any = None) -> Any:
    """Yield the step of a call whose answer the flight does not take, and return the answer."""
    if ask.executor is flight.executor:
        answer = ask.answer(flight, request)
        step = ask.unfinished(answer)
        if step is None:
            return answer
    else:
        step = ask.step(flight, request)
    try:
        answer = yield step
    except SeldonError as raised:
        raise ask.named(raised) from raised.__cause__
    flight.moved(ask.executor)
    return answer


def _combined(node: PlannedNode, answers: list[Any], flight: Flight) -> Any:
    """Have the flight take the combination of the children's answers; without a combiner the first answer."""
    flight.branches = ()
    ask = node.ask_aggregate
    if node.combine is not None:
        flight.replaced(node.combine([whole(answer, node.name) for answer in answers]))
    elif ask is None:
        if answers[0] is not flight.message:  # else no node of the first child has answered
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
    branches = [walk(child.line, below) for child, below in zip(children, flights, strict=True)]
    request = flight.message
    if not flight.stays:
        answers = yield [_kept(steps, request) for steps in branches]
        flight.moved(None)
        return answers
    begun = [_begun(steps) for steps in branches]
    if any(step is not None for step, _, _ in begun):
        begun = [(step, _copied(answer, request), error) for step, answer, error in begun]
        return (yield [_rest(steps, *each, request) for steps, each in zip(branches, begun, strict=True)])
    for _, _, error in begun:
        if error is not None:
            raise error
    return [answer for _, answer, _ in begun]


def _kept(steps: Steps, request: Any) -> Steps:
    """Yield the steps of a child, and return a copy of its answer, made on the thread of its last node."""
    return _copied((yield from steps), request)  # type: ignore[no-any-return]


def _copied(answer: Any, request: Any) -> Any:
    """Return a copy of a child's answer; the request itself if no node of the child has answered."""
    return answer if answer is request else kept(answer)


_Begun = tuple[Ask | list[Any] | None, Any, SeldonError | None]
"""The first step of a child; or None, and its answer or its error."""


def _begun(steps: Steps) -> _Begun:
    try:
        return steps.send(None), None, None
    except StopIteration as end:
        return None, end.value, None
    except SeldonError as error:
        return None, None, error


def _rest(steps: Steps, step: Any, answer: Any, error: SeldonError | None, request: Any) -> Steps:
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
        return _copied(end.value, request)  # type: ignore[no-any-return]
    return answer  # type: ignore[no-any-return]
