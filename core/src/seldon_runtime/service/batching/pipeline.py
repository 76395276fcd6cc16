"""The pipeline of calls that a plugin's batcher answers together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import failed
from seldon_runtime.service.batching.batch_queue import BatchQueue, Job
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import BatchRecord
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit


@dataclass(slots=True, eq=False, kw_only=True)
class CallJob(Job):
    """A call of a batch, on its way through the pipeline."""

    call: Call
    done: Done
    context: Context | None = None
    """The context of the call, from the time at which it begins."""
    started: float = 0.0
    entered: Sequence[Interceptor] = ()
    memory: HeldMemory | None = None
    """Taken to read the request."""


class BatchedPipeline(BatchQueue[CallJob]):
    """The pipeline for calls that a batcher answers together.

    Args:
        service: finishes the calls.
        unit: the component.
        pipeline: reads and writes, and runs the interceptors.
        batcher: the plugin's.
        finished: receives a record of each batch.
    """

    def __init__(
        self,
        service: Service,
        unit: Unit,
        pipeline: Pipeline,
        batcher: Batcher,
        finished: Callable[[BatchRecord], None],
    ) -> None:
        super().__init__(unit, batcher, unit.executor.submit, lambda: service.draining, finished)
        self._service = service
        self._pipeline = pipeline
        self._alone: dict[str, frozenset[Method]] = {}
        """By codec: the methods whose calls are never batched."""
        self._refuse: Callable[[Call], Any] | None = None

    def accept(self, call: Call, done: Done) -> bool:
        """Queue a call of a group; return False for a call that runs alone.

        Raises:
            SeldonError: OVERLOADED or UNAVAILABLE.
        """
        alone = self._alone.get(call.codec.name)
        if alone is None:
            alone = EMPTY_REQUESTS | set(self.unit.predictor.wire_methods(call.codec))
            self._alone[call.codec.name] = alone
        group = None if call.method in alone else self.group(call)
        if group is None:
            return False
        self.put(call.method, group, CallJob(call.submitted, call=call, done=done))
        return True

    def refuse(self, refuse: Callable[[Call], Any]) -> None:
        """Answer each waiting call with the error that ``refuse`` raises."""
        self._refuse = refuse
        self.give_up()

    def enter(self, jobs: Sequence[CallJob]) -> list[CallJob]:
        """Read the requests; return the calls that the batcher is to answer."""
        for job in jobs:
            job.context = copy_context()
            job.context.run(self._enter, job)
        return [job for job in jobs if job.error is None and job.result is None]

    def leave(self, jobs: Sequence[CallJob]) -> None:
        """Write the answers, and end the calls."""
        for job in jobs:
            assert job.context is not None
            job.context.run(self._leave, job)

    def _enter(self, job: CallJob) -> None:
        """Read the request and run the interceptors' ``before``."""
        call = job.call
        RUNNING.set(call)
        job.started = time.perf_counter()
        call.started = True
        job.error = refusal(call)
        if job.error is not None:
            return
        self._service.started(call)
        try:
            if self._refuse is not None:
                self._refuse(call)
            wire = call.wire
            if type(wire) is not bytes or len(wire) > UNCOUNTED_BYTES:
                job.memory = self._service.reserve(call)
            request = self._pipeline.read(call)
            job.entered, given = self._pipeline.enter(call, request)
            if isinstance(given, Answer):
                job.result = given.message
            else:
                job.request = given
        except BaseException as error:  # noqa: BLE001 - codecs are plugins
            job.error = _seldon_error(error)

    def _leave(self, job: CallJob) -> None:
        """Run the interceptors' ``after``, write the answer and finish the call."""
        call, answer = job.call, None
        if job.error is None:
            try:
                answer = self._pipeline.write(call, self._pipeline.leave(call, job.entered, job.result))
                if has_passed(call):
                    answer, job.error = None, deadline_exceeded(call)
                if isinstance(answer, OpenStream):
                    answer.begin(job.done, job.started)
                    return
            except BaseException as error:  # noqa: BLE001 - codecs are plugins
                job.error = _seldon_error(error)
        self._service.end(call, job.done, answer, job.error, job.started)


def _seldon_error(error: BaseException) -> SeldonError:
    return error if isinstance(error, SeldonError) else failed(error)
