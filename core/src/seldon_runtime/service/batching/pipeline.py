"""The pipeline of calls that a plugin's batcher answers together."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Hashable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.memory import HeldMemory
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import failed, place_of
from seldon_runtime.inference.predictor import Predict, Stream
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.batching.waiting import Waiting
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import BatchRecord
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit

_MOST_IDLE_GROUPS = 64
"""The groups that are kept, though none of their calls waits."""


@dataclass(slots=True)
class Job:
    """A call of a batch, on its way through the pipeline."""

    call: Call
    done: Done
    context: Context = field(default_factory=copy_context)
    started: float = 0.0
    request: Request = None
    entered: Sequence[Interceptor] = ()
    memory: HeldMemory | None = None
    """Taken to read the request."""
    result: Any = None
    """The answer of an interceptor or of the batcher."""
    error: SeldonError | None = None


class BatchedPipeline:
    """The pipeline for calls that a batcher answers together.

    Each call has a task in the executor's queue. The first task of a group takes the whole batch, and the
    tasks of the other calls in it then do nothing. So the queue's limit and order hold for each call.

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
        self._service = service
        self._unit = unit
        self._pipeline = pipeline
        self._batcher = batcher
        self._finished = finished
        self._groups: dict[Hashable, Waiting] = {}
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
            alone = EMPTY_REQUESTS | set(self._unit.predictor.wire_methods(call.codec))
            self._alone[call.codec.name] = alone
        if call.method in alone:
            return False
        try:
            group = self._batcher.group(call)
            waiting = None if group is None else self._waiting_of((call.method, group))
        except BaseException as error:
            raise PluginFailed(place_of(self._batcher, "group"), error) from error
        if waiting is None:
            return False
        waiting.add(call, done)
        try:
            self._unit.executor.submit(partial(self._run, call.method, waiting))
        except SeldonError:
            if waiting.remove(call, done):
                raise
        return True

    def _waiting_of(self, key: Hashable) -> Waiting:
        waiting = self._groups.get(key)
        if waiting is None:
            if len(self._groups) >= _MOST_IDLE_GROUPS:  # as of a batcher that groups by a header
                for other, idle in list(self._groups.items()):
                    if idle.is_idle():
                        self._groups.pop(other, None)
            waiting = self._groups.setdefault(key, Waiting())
        return waiting

    def give_up(self, refuse: Callable[[Call], Any]) -> None:
        """Answer each waiting call with the error that ``refuse`` raises."""
        self._refuse = refuse

    def _run(self, method: Method, waiting: Waiting) -> None:
        taken = waiting.take(self._batcher.max_size, self._batcher.max_wait_s, self._is_idle)
        jobs = [Job(*job) for job in taken]
        if due := self.enter(jobs):
            self.predict(method, due, self._answered)
        self.leave(jobs)

    def enter(self, jobs: Sequence[Job]) -> list[Job]:
        """Read the requests; return the calls that the batcher is to answer."""
        for job in jobs:
            job.context.run(self._enter, job)
        return [job for job in jobs if job.error is None and job.result is None]

    def leave(self, jobs: Sequence[Job]) -> None:
        """Write the answers, and end the calls."""
        for job in jobs:
            job.context.run(self._leave, job)

    def predict(self, method: Method, jobs: Sequence[Job], ask: Predict) -> None:
        """Let the batcher answer calls, and tell observers. Blocks meanwhile.

        Args:
            method: the method of all calls.
            jobs: at least one.
            ask: answers one request.
        """
        started = time.perf_counter()
        self._predict(method, jobs, ask)
        ran_s, waited_s = time.perf_counter() - started, started - min(job.call.submitted for job in jobs)
        self._finished(BatchRecord(method, len(jobs), waited_s, ran_s, self._unit.identity.unit))

    def _answered(self, method: Method, request: Request) -> Message | Stream:
        answer = self._unit.predictor.answer(method, request)
        if isinstance(answer, Message | Stream):
            return answer
        if isinstance(answer, Coroutine):
            answer.close()  # else Python warns that nobody awaited it
        raise SeldonError(
            f"{method.value} returned {type(answer).__name__} in a batch, expected the result itself: make "
            "it an async method, whose batches are awaited",
            code=ErrorCode.COMPONENT_FAILED,
        )

    def _is_idle(self, waiting: int) -> bool:
        """Return whether nothing but the ``waiting`` calls, the first of which has this thread, needs it."""
        return self._unit.executor.waiting < waiting and not self._service.draining

    def _enter(self, job: Job) -> None:
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
            job.memory = self._service.reserve(call)
            request = self._pipeline.read(call)
            job.entered, given = self._pipeline.enter(call, request)
            if isinstance(given, Answer):
                job.result = given.message
            else:
                job.request = given
        except BaseException as error:  # noqa: BLE001 - codecs are plugins
            job.error = _seldon_error(error)

    def _predict(self, method: Method, jobs: Sequence[Job], ask: Predict) -> None:
        name = place_of(self._batcher, "predict")
        try:
            requests = [job.request for job in jobs]
            answers = self._batcher.predict(method, requests, ask)
            if len(answers) != len(jobs):
                raise ValueError(f"returned {len(answers)} answers for {len(jobs)} requests")
            for job, answer in zip(jobs, answers, strict=True):
                if isinstance(answer, SeldonError):
                    job.error = _copy_of(answer)
                elif isinstance(answer, Message | Stream):
                    job.result = answer
                else:
                    job.error = PluginFailed(
                        name, TypeError(f"returned {type(answer).__name__}, expected a Message")
                    )
        except SeldonError as error:
            for job in jobs:
                job.error = _copy_of(error)
        except BaseException as error:  # noqa: BLE001 - a batcher is a plugin
            for job in jobs:
                job.error = PluginFailed(name, error)

    def _leave(self, job: Job) -> None:
        """Run the interceptors' ``after``, write the answer and finish the call."""
        call, answer = job.call, None
        if job.error is None:
            try:
                answer = self._pipeline.write(call, self._pipeline.leave(call, job.entered, job.result))
                if has_passed(call):
                    answer, job.error = None, deadline_exceeded(call)
                if isinstance(answer, OpenStream):
                    answer.begin(job.done)
                    return
            except BaseException as error:  # noqa: BLE001 - codecs are plugins
                job.error = _seldon_error(error)
        self._service.end(call, job.done, answer, job.error, job.started)


def _seldon_error(error: BaseException) -> SeldonError:
    return error if isinstance(error, SeldonError) else failed(error)


def _copy_of(error: SeldonError) -> SeldonError:
    """Return an error of one call's own, because its message may come to name that call's request id."""
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__)
    copied.__cause__ = error.__cause__
    return copied
