"""The health of a graph: that of each node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seldon_runtime.plugin import Ask, ErrorCode, Kind, Message, Method, Payload, SeldonError, Steps, Unit
from seldon_runtime_graph.loading import LoadedGraph, node_named
from seldon_runtime_graph.walk.whereabouts import Whereabouts

_HEALTHY = "healthy"


def health_of(graphs: Sequence[LoadedGraph], name: object, place: Whereabouts) -> Steps:
    """Yield the steps of a health check.

    Args:
        graphs: the graphs of the predictors.
        name: the name of one node; anything else for the whole graph.
        place: receives the nodes that the call is waiting for.

    Raises:
        SeldonError: UNAVAILABLE, naming the nodes that are not well; for one node the error of its own.
            NOT_FOUND when no node has the name.
    """
    if isinstance(name, str) and name:
        unit = node_named(graphs, name).unit
        if unit is None:
            return Message(Payload(Kind.STR, _HEALTHY))
        place.asked = name
        answer: Message = yield Ask(unit, Method.HEALTH_STATUS, None)
        return answer
    units = [unit for graph in graphs for unit in graph.units if not unit.predictor.health_is_fixed]
    below = place.below([str(unit.identity.unit) for unit in units])
    outcomes: list[SeldonError | Message] = yield [
        _outcome(unit, branch) for unit, branch in zip(units, below, strict=True)
    ]
    failed = [
        f"{unit.identity.unit!r}: {outcome.message}"
        for unit, outcome in zip(units, outcomes, strict=True)
        if isinstance(outcome, SeldonError)
    ]
    if failed:
        raise SeldonError(f"these nodes are not well: {'; '.join(failed)[:1000]}", code=ErrorCode.UNAVAILABLE)
    return Message(Payload(Kind.STR, _HEALTHY))


def _outcome(unit: Unit, place: Whereabouts) -> Any:
    try:
        answer = yield Ask(unit, Method.HEALTH_STATUS, None)
    except SeldonError as error:
        return error
    finally:
        place.asked = None
    return answer
