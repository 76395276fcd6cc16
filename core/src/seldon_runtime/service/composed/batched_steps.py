"""Steps that wait for a batch of their component, with the steps of other calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call, running_call
from seldon_runtime.service.batching.batch_queue import BatchQueue, Job
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.composed.strand import Ended, Step, Strand
from seldon_runtime.service.observer import BatchRecord
from seldon_runtime.service.unit import Unit


@dataclass(slots=True, eq=False, kw_only=True)
class GroupedAsk(Ask):
    """A step that may share a batch with others of its group."""

    group: Hashable


@dataclass(slots=True, eq=False, kw_only=True)
class StepJob(Job):
    """A step that waits, and the strand that goes on with its answer."""

    ask: GroupedAsk
    strand: BatchedStrand


class StepQueue(BatchQueue[StepJob]):
    """The steps that wait for one component of a service.

    Args:
        unit: the component.
        batcher: the plugin's.
        is_draining: returns True when no further calls come.
        finished: receives a record of each batch.
        queues: returns those of all components, some of which may share the thread of this one.
    """

    def __init__(
        self,
        unit: Unit,
        batcher: Batcher,
        is_draining: Callable[[], bool],
        finished: Callable[[BatchRecord], None],
        queues: Callable[[], Iterable[StepQueue]],
    ) -> None:
        super().__init__(unit, batcher, unit.executor.submit_further, is_draining, finished)
        self._queues = queues

    def grouped(self, ask: Ask) -> Ask:
        """Return a step as one of its group; itself if it is to run alone. Runs in the call's context.

        A step with a call of its own runs alone.

        Raises:
            PluginFailed: the batcher failed.
        """
        if ask.call is not None:
            return ask
        group = self.group(_call_of(ask))
        return ask if group is None else GroupedAsk(ask.unit, ask.method, ask.request, group=group)

    def add(self, ask: GroupedAsk, strand: BatchedStrand) -> None:
        """Queue a step.

        Raises:
            SeldonError: UNAVAILABLE when the component's thread has ended.
        """
        job = StepJob(time.perf_counter(), ask.request, ask=ask, strand=strand)
        self.put(ask.method, ask.group, job)

    def gives_way(self) -> bool:
        """Return whether calls begin or go on first, as their steps may join the batch.

        Tasks of other batches do not count: two that wait would give way to each other for ever.
        """
        executor = self.unit.executor
        queued = sum(queue.tasks for queue in self._queues() if queue.unit.executor is executor) - 1
        return executor.waiting > queued and not self._is_draining()

    def enter(self, jobs: Sequence[StepJob]) -> list[StepJob]:
        """Return the steps whose calls go on."""
        for job in jobs:
            job.error = job.strand.refused()
        return [job for job in jobs if job.error is None]

    def leave(self, jobs: Sequence[StepJob]) -> None:
        """Let each strand go on with its answer or error."""
        for job in jobs:
            job.strand.go_on(job.ask, job.result, job.error)


class BatchedStrand(Strand):
    """Steps of which those of some components wait for a batch.

    Args:
        queues: the steps that wait, by component.
        name: as of a strand, like all further arguments.
    """

    __slots__ = ("_queues",)

    def __init__(
        self,
        queues: Mapping[Unit, StepQueue],
        name: str,
        steps: Steps,
        context: Context,
        refusal: Callable[[], SeldonError | None],
        ended: Ended,
    ) -> None:
        super().__init__(name, steps, context, refusal, ended)
        self._queues = queues

    def refused(self) -> SeldonError | None:
        """Return the error of a call that must not go on, else None."""
        return self._refusal()

    def _branch(self, steps: Steps, ended: Ended) -> Strand:
        return BatchedStrand(self._queues, self._name, steps, self._context.copy(), self._refusal, ended)

    def start(self, step: Step) -> bool:
        """Take the steps that this thread can take, as of a strand."""
        grouped = self._grouped(step)
        if grouped is None:
            return False
        return super().start(grouped)

    def _resume(self, given: Any, error: SeldonError | None) -> Step | None:
        return self._grouped(super()._resume(given, error))

    def _grouped(self, step: Step | None) -> Step | None:
        while type(step) is Ask and (queue := self._queues.get(step.unit)) is not None:
            try:
                return queue.grouped(step)
            except SeldonError as failure:
                step = super()._resume(None, failure)
        return step

    def _submitted(self, step: Ask) -> Step | None:
        if type(step) is not GroupedAsk:
            return super()._submitted(step)
        try:
            self._queues[step.unit].add(step, self)
        except SeldonError as refused:  # the component's thread has ended
            return self._context.run(self._go_on, None, refused)
        return None


def _call_of(ask: Ask) -> Call:
    """Return the running call as that of a step, for the batcher: with the method and request of the step."""
    call = running_call()
    assert call is not None
    return Call(
        ask.method,
        ask.request,
        call.codec,
        call.transport,
        call.request_id,
        call.headers,
        call.deadline,
        call.request_bytes,
        call.target,
    )
