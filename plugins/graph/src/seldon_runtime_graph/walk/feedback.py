"""The steps of a feedback: it follows the routing of the answer that it is about, from below."""

from __future__ import annotations

from typing import Any

import numpy as np

from seldon_runtime.plugin import (
    DATA_KINDS,
    NO_META,
    TENSOR,
    Ask,
    Feedback,
    Message,
    Method,
    Payload,
    SeldonError,
    Steps,
)
from seldon_runtime_graph.walk.branches import ALL, NONE
from seldon_runtime_graph.walk.edges import carried
from seldon_runtime_graph.walk.naming import named
from seldon_runtime_graph.walk.plan import PlannedNode
from seldon_runtime_graph.walk.told_stream import Counted
from seldon_runtime_graph.walk.whereabouts import Whereabouts

_SEND_FEEDBACK = Method.SEND_FEEDBACK


def routing_of(feedback: Feedback, root: PlannedNode) -> dict[str, int]:
    """Return the routing of the answer that a feedback is about, checked before any node learns.

    Raises:
        SeldonError: BAD_DATA for a branch that a node does not have.
    """
    given = feedback.response.meta.routing if feedback.response is not None else {}
    if not given:
        return {}
    routing = {}
    for node in root.walk():
        branch: Any = given.get(node.name, ALL)
        if isinstance(branch, float) and branch.is_integer():
            branch = int(branch)
        last = max(len(node.children) - 1, 0)  # 0 is what other engines tell of a leaf
        if type(branch) is not int or not NONE <= branch <= last:
            raise SeldonError(
                f"response.meta.routing[{node.name!r}] is {branch!r:.40}, expected {NONE} to {last}"
            )
        routing[node.name] = branch
    return routing


def learn(
    node: PlannedNode, feedback: Feedback, routing: dict[str, int], counted: Counted, place: Whereabouts
) -> Steps:
    """Yield the steps of a feedback, and return the root's answer; an empty one if the root does not learn.

    Args:
        node: the root.
        feedback: the feedback.
        routing: the branch of each node; all of them for a node without an entry.
        counted: receives the custom metrics of the nodes.
        place: receives the nodes that the call is waiting for.

    Raises:
        SeldonError: the error of a node. The nodes above it do not learn then.
    """
    above: list[PlannedNode] = []
    while True:
        branch = routing.get(node.name, ALL)
        children = node.children
        if children and branch != NONE:
            if branch >= 0 or len(children) == 1:
                above.append(node)
                node = children[max(branch, 0)]
                continue
            below = place.below([child.name for child in children])
            yield [
                _beside_others(learn(child, feedback, routing, counted, branch), branch)
                for child, branch in zip(children, below, strict=True)
            ]
            place.branches = ()
        answer = yield from _told(node, feedback, counted, place)
        while above:
            node = above.pop()
            answer = yield from _told(node, feedback, counted, place)
        return answer


def _beside_others(steps: Steps, place: Whereabouts) -> Steps:
    """Return the steps of a branch, for whose failed node the call no longer waits while others go on."""
    try:
        return (yield from steps)
    except BaseException:
        place.asked = None
        raise


def _told(node: PlannedNode, feedback: Feedback, counted: Counted, place: Whereabouts) -> Steps:
    if not node.learns:
        return _nothing(feedback)
    place.asked = node.name
    try:
        answer: Message = yield Ask(node.unit, _SEND_FEEDBACK, _copy(feedback))
    except SeldonError as error:
        raise named(error, node.name) from error.__cause__
    place.asked = None
    if answer.metrics:
        counted.append((node.unit.identity, _SEND_FEEDBACK, answer.metrics))
    return answer


def _copy(feedback: Feedback) -> Feedback:
    return Feedback(
        _carried(feedback.request), _carried(feedback.response), feedback.reward, _carried(feedback.truth)
    )


def _carried(message: Message | None) -> Message | None:
    return None if message is None else carried(message)


def _nothing(feedback: Feedback) -> Message:
    """Return the protocol's answer of a component that learns nothing: an empty array."""
    payload = feedback.request.payload if feedback.request is not None else None
    kind = payload.kind if payload is not None and payload.kind in DATA_KINDS else TENSOR
    return Message(Payload(kind, np.array([]), []), NO_META)
