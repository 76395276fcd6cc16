"""The times of the nodes in an answer, for a client that asks for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seldon_runtime.plugin import Ask, Message, SeldonError, Steps
from seldon_runtime_graph.walk.told_stream import ToldStream

_HEADER = "x-seldon-trace"
TAG = "seldon-trace"
"""The tag of the answer."""


def is_asked_for(headers: Mapping[str, str]) -> bool:
    """Return whether a client sent ``X-Seldon-Trace: 1``."""
    return headers.get(_HEADER) == "1"


def traced(steps: Steps) -> Steps:
    """Yield the steps of a graph, and return its answer with the times of the nodes."""
    trace = Trace()
    answer = yield from trace.timed(steps)
    if isinstance(answer, Message):
        answer = answer.with_own_meta()
        return replace(answer, meta=replace(answer.meta, tags={**answer.meta.tags, **trace.tags()}))
    if isinstance(answer, ToldStream):
        answer.tags = trace.tags()
    return answer


class Trace:
    """The milliseconds of the steps of one call, from the request of a step to its answer."""

    def __init__(self) -> None:
        self._steps: list[dict[str, Any]] = []

    def tags(self) -> dict[str, Any]:
        """Return the tag: a list with ``node``, ``method`` and ``ms`` of each step, as they ended."""
        return {TAG: self._steps}

    def timed(self, steps: Steps) -> Steps:
        """Yield the steps of a walk, and note the time of each."""
        given: Any = None
        error: SeldonError | None = None
        while True:
            try:
                step = steps.send(given) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            given, error = None, None
            began = time.perf_counter()
            try:
                given = yield (step if isinstance(step, Ask) else [self.timed(branch) for branch in step])
            except SeldonError as raised:
                error = raised
            if isinstance(step, Ask):
                ms = round((time.perf_counter() - began) * 1000, 3)
                self._steps.append({"node": step.unit.identity.unit, "method": step.method.value, "ms": ms})
