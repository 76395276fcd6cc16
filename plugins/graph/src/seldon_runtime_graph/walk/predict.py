"""The steps of a prediction through a graph, as the incumbent's executor takes them.

For each node: its first call; with children the route, the children and the combination; then its output
transformation. A single child makes no step of its own, so a chain of any length is one loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_runtime.plugin import Ask, ErrorCode, Identity, Message, Method, Metric, SeldonError, Steps
from seldon_runtime_graph.walk.branches import ALL, branch_of
from seldon_runtime_graph.walk.edges import carried
from seldon_runtime_graph.walk.plan import PlannedNode

_ROUTE, _AGGREGATE, _TRANSFORM_OUTPUT = Method.ROUTE, Method.AGGREGATE, Method.TRANSFORM_OUTPUT


Counted = list[tuple[Identity, Method, Sequence[Metric]]]
"""The custom metrics of the nodes: whose, of which method, and which."""


def predict(
    node: PlannedNode,
    message: Any,
    routing: dict[str, int],
    counted: Counted,
    *,
    is_own: bool = False,
) -> Steps:
    """Yield the steps of a graph, and return its answer: ``message`` itself if no node answered.

    Args:
        node: the root.
        message: the request.
        routing: receives the branch of each node that was called or chose: -1 for all or without children.
        counted: receives the custom metrics of each node.
        is_own: True if nobody else uses the request, so that the first component may alter it.

    Raises:
        SeldonError: the error of a node; of several children that of the first in the list. A wrong route.
    """
    waiting: list[PlannedNode] = []
    answer: Any
    while True:
        if node.first is not None:
            given = message if is_own else _for(node, node.first, message)
            message = yield Ask(node.unit, node.first, given)
            count(node, node.first, message, counted)
            routing[node.name] = ALL
            is_own = False
        if node.children:
            branch = ALL
            if node.routes:
                answer = yield Ask(node.unit, _ROUTE, _for(node, _ROUTE, message))
                count(node, _ROUTE, answer, counted)
                branch = branch_of(answer, node.name, len(node.children))
            elif node.choose is not None:
                branch = node.choose()
            routing[node.name] = branch
            if branch >= 0 or (branch == ALL and len(node.children) == 1):
                waiting.append(node)
                node = node.children[max(branch, 0)]
                continue
            if branch == ALL:
                answers = yield [predict(child, message, routing, counted) for child in node.children]
                message = yield from _combined(node, answers, counted)
                is_own = False
        if node.transforms_output:
            message = yield Ask(node.unit, _TRANSFORM_OUTPUT, _for(node, _TRANSFORM_OUTPUT, message))
            count(node, _TRANSFORM_OUTPUT, message, counted)
        while waiting:
            node = waiting.pop()
            message = yield from _combined(node, [message], counted)
            if node.transforms_output:
                message = yield Ask(node.unit, _TRANSFORM_OUTPUT, _for(node, _TRANSFORM_OUTPUT, message))
                count(node, _TRANSFORM_OUTPUT, message, counted)
        result: Message = message
        return result


def count(node: PlannedNode, method: Method, answer: Any, counted: Counted) -> None:
    """Add the custom metrics of a node's answer, if it has any."""
    if type(answer) is Message and answer.metrics:
        counted.append((node.unit.identity, method, answer.metrics))


def _combined(node: PlannedNode, answers: list[Message], counted: Counted) -> Steps:
    """Return the combination of the children's answers; without a combiner the first answer."""
    if node.combine is not None:
        return node.combine(answers)
    if not node.aggregates:
        return answers[0]
    wants_meta = _AGGREGATE in node.wants_meta
    given = [carried(_whole(answer, node), wants_meta=wants_meta) for answer in answers]
    answer: Message = yield Ask(node.unit, _AGGREGATE, given)
    count(node, _AGGREGATE, answer, counted)
    return answer


def _for(node: PlannedNode, method: Method, message: Any) -> Message:
    """Return the message as a component receives it."""
    if type(message) is not Message:
        message = _whole(message, node)
    return carried(message, wants_meta=method in node.wants_meta)


def _whole(answer: Any, node: PlannedNode) -> Message:
    if isinstance(answer, Message):
        return answer
    raise SeldonError(
        f"a node answers with a stream, which the node {node.name!r} cannot receive: only the last node of a "
        "call may stream",
        code=ErrorCode.COMPONENT_FAILED,
    )
