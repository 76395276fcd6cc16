"""The health of a graph: that of each node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_runtime.plugin import Ask, ErrorCode, Kind, Message, Method, Payload, SeldonError, Steps, Unit
from seldon_runtime_graph.loading import LoadedGraph, node_named

_HEALTHY = "healthy"


def health_of(graphs: Sequence[LoadedGraph], name: object) -> Steps:
    """Yield the steps of a health check.

    Args:
        graphs: the graphs of the predictors.
        name: the name of one node; anything else for the whole graph.

    Raises:
        SeldonError: UNAVAILABLE, naming the nodes that are not well; for one node the error of its own.
            NOT_FOUND when no node has the name.
    """
    if isinstance(name, str) and name:
        unit = node_named(graphs, name).unit
        if unit is None:
            return Message(Payload(Kind.STR, _HEALTHY))
        answer: Message = yield Ask(unit, Method.HEALTH_STATUS, None)
        return answer
    units = [unit for graph in graphs for unit in graph.units if not unit.predictor.health_is_fixed]
    outcomes: list[SeldonError | Message] = yield [_outcome(unit) for unit in units]
    failed = [
        f"{unit.identity.unit!r}: {outcome.message}"
        for unit, outcome in zip(units, outcomes, strict=True)
        if isinstance(outcome, SeldonError)
    ]
    if failed:
        raise SeldonError(f"these nodes are not well: {'; '.join(failed)[:1000]}", code=ErrorCode.UNAVAILABLE)
    return Message(Payload(Kind.STR, _HEALTHY))


def _outcome(unit: Unit) -> Any:
    try:
        answer = yield Ask(unit, Method.HEALTH_STATUS, None)
    except SeldonError as error:
        return error
    return answer
