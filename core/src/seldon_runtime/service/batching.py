"""Batches: waiting calls of one group, answered together by a plugin's batcher."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime.errors import PluginFailed, SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.memory import HeldMemory
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import failed, place_of
from seldon_runtime.inference.predictor import Predict, Stream
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit


class Batcher(ABC):
    """The object that answers several waiting calls at once, from a plugin's hook ``seldon_batcher``.

    While the component is busy, calls wait. When it becomes free, the batcher receives up to ``max_size``
    waiting calls of one group. While the component is idle, a call waits for others only if ``max_wait_s``
    is set.
    """

    max_size: int = 32
    """The largest number of calls in a batch."""
    max_wait_s: float = 0.0
    """Seconds that an idle component waits for more calls of the first one's group."""

    @abstractmethod
    def group(self, call: Call) -> Hashable | None:
        """Return the group of a call, or None to have it run alone.

        Runs on the transport's thread, before the request is read. Must not block.
        """

    @abstractmethod
    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | SeldonError]:
        """Return one answer, or one error, for each request, in their order.

        Runs on the component's thread. The requests are decoded and have passed the interceptors.

        Args:
            method: the method of all requests.
            requests: at least one, at most ``max_size``.
            predict: answers one request, as in an unbatched call.

        Raises:
            SeldonError: all callers receive this error.
        """


@dataclass(slots=True)
class _Job:
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


class _Waiting:
    """The waiting calls of one group. Thread-safe."""

    def __init__(self) -> None:
        self._jobs: deque[tuple[Call, Done]] = deque()
        self._arrived = threading.Condition()

    def add(self, call: Call, done: Done) -> None:
        """Add a call at the end."""
        with self._arrived:
            self._jobs.append((call, done))
            self._arrived.notify()

    def remove(self, call: Call, done: Done) -> bool:
        """Remove a call; return False if a batch has taken it already."""
        with self._arrived:
            try:
                self._jobs.remove((call, done))
            except ValueError:
                return False
            return True

    def take(self, max_size: int, max_wait_s: float) -> list[tuple[Call, Done]]:
        """Return the calls of the next batch; empty when an earlier batch has taken all calls."""
        with self._arrived:
            if self._jobs and max_wait_s > 0:
                self._arrived.wait_for(lambda: len(self._jobs) >= max_size, max_wait_s)
            return [self._jobs.popleft() for _ in range(min(max_size, len(self._jobs)))]


class BatchedPipeline:
    """The pipeline for calls that a batcher answers together.

    Each call has a task in the executor's queue. The first task of a group takes the whole batch, and the
    tasks of the other calls in it then do nothing. So the queue's limit and order hold for each call.

    Args:
        service: finishes the calls.
        unit: the component.
        pipeline: reads and writes, and runs the interceptors.
        batcher: the plugin's.
    """

    def __init__(self, service: Service, unit: Unit, pipeline: Pipeline, batcher: Batcher) -> None:
        self._service = service
        self._unit = unit
        self._pipeline = pipeline
        self._batcher = batcher
        self._groups: dict[Hashable, _Waiting] = {}
        self._refuse: Callable[[Call], Any] | None = None

    def accept(self, call: Call, done: Done) -> bool:
        """Queue a call of a group; return False for a call that runs alone.

        Raises:
            SeldonError: OVERLOADED or UNAVAILABLE.
        """
        predictor = self._unit.predictor
        if call.method in EMPTY_REQUESTS or predictor.wire_methods(call.codec).get(call.method):
            return False
        if predictor.is_async:  # a batcher takes answers, not awaitables
            return False
        try:
            group = self._batcher.group(call)
        except BaseException as error:
            raise PluginFailed(place_of(self._batcher, "group"), error) from error
        if group is None:
            return False
        waiting = self._groups.setdefault((call.method, group), _Waiting())
        waiting.add(call, done)
        try:
            self._unit.executor.submit(lambda: self._run(call.method, waiting))
        except SeldonError:
            if waiting.remove(call, done):
                raise
        return True

    def give_up(self, refuse: Callable[[Call], Any]) -> None:
        """Answer each waiting call with the error that ``refuse`` raises."""
        self._refuse = refuse

    def _run(self, method: Method, waiting: _Waiting) -> None:
        jobs = [_Job(*job) for job in waiting.take(self._batcher.max_size, self._batcher.max_wait_s)]
        for job in jobs:
            job.context.run(self._enter, job)
        due = [job for job in jobs if job.error is None and job.result is None]
        if due:
            self._predict(method, due)
        for job in jobs:
            job.context.run(self._leave, job)

    def _enter(self, job: _Job) -> None:
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

    def _predict(self, method: Method, jobs: Sequence[_Job]) -> None:
        name = place_of(self._batcher, "predict")
        try:
            requests = [job.request for job in jobs]
            answers = self._batcher.predict(method, requests, self._unit.predictor.answer)
            if len(answers) != len(jobs):
                raise ValueError(f"returned {len(answers)} answers for {len(jobs)} requests")
            for job, answer in zip(jobs, answers, strict=True):
                if isinstance(answer, SeldonError):
                    job.error = answer
                elif isinstance(answer, Message | Stream):
                    job.result = answer
                else:
                    job.error = PluginFailed(
                        name, TypeError(f"returned {type(answer).__name__}, expected a Message")
                    )
        except SeldonError as error:
            for job in jobs:
                job.error = error
        except BaseException as error:  # noqa: BLE001 - a batcher is a plugin
            for job in jobs:
                job.error = PluginFailed(name, error)

    def _leave(self, job: _Job) -> None:
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
