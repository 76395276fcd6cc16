"""The split of calls between predictors by their traffic, and the copy that a shadow receives."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from seldon_runtime.plugin import Call, Done, Feedback, Message, Method, NeutralCodec, SeldonError, Unit
from seldon_runtime_graph.loading import LoadedGraph
from seldon_runtime_graph.walk.edges import carried

logger = logging.getLogger(__name__)

SHADOW = "shadow"
"""The name of the transport of a shadow's calls, in logs and metrics."""
Submit = Callable[[Call, Done], None]


class Split:
    """The choice of a predictor for each call.

    Args:
        graphs: the loaded graphs of the predictors; one of them may be a shadow.
        name: the name of the deployment, under which ``meta.routing`` tells the predictor of an answer.
    """

    def __init__(self, graphs: Sequence[LoadedGraph], name: str) -> None:
        shadows = [graph for graph in graphs if graph.predictor.shadow] if len(graphs) > 1 else []
        self._shadow = shadows[0] if shadows else None
        self.served = [graph for graph in graphs if graph is not self._shadow]
        self._name = name
        self._bounds = list(accumulate(graph.predictor.traffic for graph in self.served))
        self._codec = NeutralCodec()
        self.only = self.served[0] if len(graphs) == 1 else None
        """The graph of every call, if there is only one."""

    @property
    def shadow_units(self) -> list[Unit]:
        """The components of the shadow."""
        return self._shadow.units if self._shadow is not None else []

    @property
    def main(self) -> LoadedGraph:
        """The predictor with most traffic."""
        return max(self.served, key=lambda graph: graph.predictor.traffic)

    def choose(self, call: Call, request: Message, routing: dict[str, int], submit: Submit) -> LoadedGraph:
        """Return the graph that answers a call, note it in ``routing``, and send a copy to the shadow."""
        if call.transport == SHADOW and call.codec is self._codec:
            assert self._shadow is not None
            return self._shadow
        if self._shadow is not None:
            self._copy(call, request, submit)
        if len(self.served) == 1:
            return self.served[0]
        place = self._random()
        routing[self._name] = place
        return self.served[place]

    def of_feedback(self, feedback: Feedback) -> LoadedGraph:
        """Return the graph whose answer a feedback is about; by traffic if the routing does not tell.

        Raises:
            SeldonError: BAD_DATA for a predictor that does not exist.
        """
        if len(self.served) == 1:
            return self.served[0]
        given: Any = feedback.response.meta.routing.get(self._name) if feedback.response is not None else None
        if given is None:
            return self.served[self._random()]
        if (
            isinstance(given, bool)
            or not isinstance(given, int | float)
            or given not in range(len(self.served))
        ):
            raise SeldonError(
                f"response.meta.routing[{self._name!r}] is {given!r:.40}, "
                f"expected 0 to {len(self.served) - 1}"
            )
        return self.served[int(given)]

    def of_answer(self, routing: Mapping[str, int]) -> LoadedGraph:
        """Return the graph of an answer, which its routing tells."""
        return self.served[routing.get(self._name, 0)]

    def _random(self) -> int:
        number = random.random() * self._bounds[-1]
        return next(place for place, bound in enumerate(self._bounds) if number < bound)

    def _copy(self, call: Call, request: Message, submit: Submit) -> None:
        copy = Call(Method.PREDICT, carried(request, wants_meta=True), self._codec, SHADOW)
        copy.request_id, copy.headers, copy.target = call.request_id, call.headers, call.target
        submit(copy, _drop)


def _drop(answer: Any, error: SeldonError | None) -> None:
    if error is not None:
        logger.debug("the shadow failed: %s", error.message)
