"""The service of one component: a queue, its threads, and the pipeline that the threads run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from time import monotonic, perf_counter
from types import CoroutineType
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.owners import failed
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.batching.pipeline import BatchedPipeline
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.pipeline import Pipeline, refuse
from seldon_runtime.service.running.coroutines import awaited_for
from seldon_runtime.service.running.joined_stream import JoinedStream, open_stream
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit

_UNFINISHED = frozenset({OpenStream, JoinedStream, CoroutineType})
"""The types of answers that another step completes."""


class ComponentService(Service):
    """One component behind its executor.

    Args:
        unit: the loaded component; its executor is started.
        limits: the limits that transports enforce on requests.
        metadata: the metadata document, or the error that making it raised.
        error_details: True to send clients the message of an exception in user code.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        limits: Limits | None = None,
        metadata: Mapping[str, Any] | SeldonError | None = None,
        error_details: bool = True,
    ) -> None:
        super().__init__([unit], limits=limits, metadata=metadata, error_details=error_details)
        self._unit = unit
        self._executor = unit.executor
        is_fixed = unit.predictor.health_is_fixed
        self.immediate = frozenset({Method.METADATA, Method.HEALTH_STATUS} if is_fixed else {Method.METADATA})
        self._batches: BatchedPipeline | None = None
        self._pipeline = Pipeline(unit.predictor, self._document, (), self._open)
        self._answer: Callable[[Call], Any] = self._pipeline.run

    def attach(
        self,
        observers: Sequence[Observer] = (),
        interceptors: Sequence[Interceptor] = (),
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """Add the plugins' observers and interceptors; the first interceptor is the outermost."""
        super().attach(observers, interceptors, on_failure)
        around = self._interceptors.around
        self._pipeline = Pipeline(self._unit.predictor, self._document, around, self._open)
        self._answer = self._pipeline.run

    def batch(self, batcher: Batcher | None) -> None:
        """Answer waiting calls by a plugin's batcher, if any. Call it after :meth:`attach`."""
        if batcher is not None:
            finished = self._observers.batch_finished
            self._batches = BatchedPipeline(self, self._unit, self._pipeline, batcher, finished)

    @property
    def executor(self) -> Executor:
        """The component's thread or threads."""
        return self._executor

    def accept(self, call: Call, done: Done) -> None:
        """Queue a call for the component's thread, alone or with others of its batch."""
        if self._batches is None or not self._batches.accept(call, done):
            self._executor.submit(partial(self.run, call, done))

    def run(self, call: Call, done: Done) -> None:
        """Run a call in a context of its own, so that the next call does not see its context variables."""
        copy_context().run(self._run, call, done)

    def _run(self, call: Call, done: Done) -> None:
        RUNNING.set(call)
        call.started = True
        started = perf_counter()
        deadline = call.deadline
        answer, error, reading = None, None, None
        if call.cancelled or (deadline is not None and monotonic() >= deadline):
            error = refusal(call)
        else:
            if self._sees_starts:
                self.started(call)
            try:
                wire = call.wire
                if type(wire) is not bytes or len(wire) > UNCOUNTED_BYTES:
                    reading = self.reserve(call)
                answer = self._answer(call)
                if type(answer) in _UNFINISHED:
                    self._go_on(call, done, answer, started, reading)
                    return
                if deadline is not None and monotonic() >= deadline:
                    answer, error = None, deadline_exceeded(call)  # what the client received
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs are plugins
                error = failed(raised)
        self.end(call, done, answer, error, started)
        del reading  # not before: the decoded request may be part of the answer
        error = None  # its traceback refers to this frame: only the garbage collector would free the call

    def _go_on(self, call: Call, done: Done, answer: Any, started: float, reading: HeldMemory | None) -> None:
        if isinstance(answer, OpenStream):
            answer.begin(done, started)
        else:
            self._executor.spawn(self._await(call, done, answer, started, reading))

    async def _await(
        self,
        call: Call,
        done: Done,
        unfinished: Awaitable[Any],
        started: float,
        reading: HeldMemory | None,
    ) -> None:
        """Await the answer of an async method and end the call, on the event loop of the component."""
        answer, error = None, None
        try:
            answer = await awaited_for(call, unfinished)
            if isinstance(answer, OpenStream):
                answer.begin(done, started)
                return
            if has_passed(call):
                answer, error = None, deadline_exceeded(call)
        except SeldonError as raised:
            error = raised
        except BaseException as raised:  # noqa: BLE001 - codecs are plugins
            error = failed(raised)
        self.end(call, done, answer, error, started)
        del reading
        error = None

    def _document(self, call: Call) -> Mapping[str, Any]:
        return self.metadata()

    def give_up(self, reason: str) -> None:
        """Refuse all waiting and further calls."""
        self.alive = self.ready = False
        self._answer = refuse(reason)
        if self._batches is not None:
            self._batches.refuse(self._answer)
        for task in self._executor.abandon():
            task()

    def _open(self, call: Call, stream: Stream) -> OpenStream:
        return open_stream(self, self._executor, call, stream, self._pipeline.write)
