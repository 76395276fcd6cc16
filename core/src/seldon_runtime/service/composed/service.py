"""The service of several components, for plugins: graphs, ensembles, cascades."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextvars import Context, copy_context
from functools import cached_property, partial
from time import perf_counter
from types import CoroutineType, GeneratorType
from typing import Any

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import failed, place_of
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.composed.batched_steps import BatchedStrand, StepQueue
from seldon_runtime.service.composed.steps import Steps, Strand, UnitStream
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.running.coroutines import awaited_for
from seldon_runtime.service.running.joined_stream import open_stream
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit

_RESULTS = (Message, Stream)


class ComposedService(Service):
    """Several components behind one entrance, each on its own thread. Define :meth:`steps`.

    The runtime gives each call a context of its own, reads it on the first component's thread, runs the
    interceptors, takes the steps, and writes the answer. Cancelled and late calls take no further step.
    METADATA is the document of the constructor, unless :meth:`metadata_for` returns another one; the first
    component answers HEALTH_STATUS, unless :meth:`health` returns steps. Steps call the plain methods of a
    class with ``predict_raw``. With a plugin's batcher, the steps of several calls that wait for one
    component are answered together.

    Args:
        units: the components, as ``units.load`` of the hook ``seldon_service`` returned them; the service has
            the identity of the first.
        limits: the limits that transports enforce on requests.
        metadata: the metadata document, or the error that making it raised.
        error_details: True to send clients the message of an exception in user code.
    """

    def __init__(
        self,
        units: Sequence[Unit],
        *,
        limits: Limits | None = None,
        metadata: Mapping[str, Any] | SeldonError | None = None,
        error_details: bool = True,
    ) -> None:
        super().__init__(units, limits=limits, metadata=metadata, error_details=error_details)
        is_fixed = self._root.predictor.health_is_fixed
        self.immediate = frozenset({Method.METADATA, Method.HEALTH_STATUS} if is_fixed else {Method.METADATA})
        self._end_reason: str | None = None
        self._pipeline = self._make_pipeline(())
        self._queues: Mapping[Unit, StepQueue] = {}
        self.strand: Callable[..., Strand] = Strand
        """Makes the strand of a call."""

    @abstractmethod
    def steps(self, call: Call, request: Request) -> Steps:
        """Yield the steps that answer a request, and return the answer.

        ``answer = yield Ask(unit, method, request)`` has a component answer on its own thread. ``answers =
        yield [Ask(…), self.below(…)]`` takes several at the same time, generators included, and gives their
        answers in order. The error of a step is raised at its ``yield``. The generator runs on the thread of
        the component that answered last, so it must not block.

        Args:
            call: the call, for its method and headers; HEALTH_STATUS and METADATA never come here.
            request: the request as the interceptors left it.

        Raises:
            SeldonError: the client receives this error; any other exception becomes COMPONENT_FAILED.
        """

    def metadata_for(self, call: Call) -> Mapping[str, Any]:
        """Return the document that answers METADATA, such as that of a component which ``call.wire`` names.

        Raises:
            SeldonError: the document is invalid, or does not exist.
        """
        return self.metadata()

    def health(self, call: Call) -> Steps | None:
        """Return the steps that answer HEALTH_STATUS, or None to ask the first component.

        A service whose health runs user code must leave HEALTH_STATUS out of ``immediate``.
        """
        return None

    def encode(self, call: Call, answer: Message) -> Any:
        """Return the wire answer of a message; by default the call's codec writes it.

        Called on a component's thread, for calls that no interceptor saw. Override it to answer with parts
        of the request's wire form that a message does not hold.
        """
        return self._pipeline.write(call, answer)

    def outline(self) -> str:
        """Return a drawing of the components for ``seldon-run --check``; empty for none."""
        return ""

    def picture(self) -> str:
        """Return a picture of the components as an ``<svg>`` element for pages; empty for none."""
        return ""

    def attach(
        self,
        observers: Sequence[Observer] = (),
        interceptors: Sequence[Interceptor] = (),
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """Add the plugins' observers and interceptors; the first interceptor is the outermost."""
        super().attach(observers, interceptors, on_failure)
        self._pipeline = self._make_pipeline(self._interceptors.around)

    def batch(self, batchers: Mapping[Unit, Batcher]) -> None:
        """Answer the waiting steps of some components by plugins' batchers. Call it after :meth:`attach`."""
        finished = self._observers.batch_finished
        self._queues = {
            unit: StepQueue(unit, batcher, lambda: self.draining, finished)
            for unit, batcher in batchers.items()
        }
        if self._queues:
            self.strand = partial(BatchedStrand, self._queues)

    def accept(self, call: Call, done: Done) -> None:
        """Queue a call for the first component's thread; refuse it if the queue of any component is full."""
        for unit in self.units[1:]:
            unit.executor.require_room()
        self._root.executor.submit(partial(self.run, call, done))

    def run(self, call: Call, done: Done) -> None:
        """Begin a call on this thread, in a context of its own; it ends on any component's thread."""
        _Course(self, self._pipeline, call, done).begin()

    def give_up(self, reason: str) -> None:
        """Refuse all waiting and further calls."""
        self.alive = self.ready = False
        self._end_reason = reason
        for queue in self._queues.values():
            queue.give_up()
        for unit in self.units:
            for task in unit.executor.abandon():
                task()

    @cached_property
    def place(self) -> str:
        """The place of the steps, for messages: class, method and plugin."""
        return place_of(self, "steps")

    def refusal(self, call: Call) -> SeldonError | None:
        """Return the error of a call that must not go on: cancelled, late or given up. Else None."""
        if self._end_reason is not None:
            return SeldonError(self._end_reason, code=ErrorCode.UNAVAILABLE)
        return refusal(call)

    def _make_pipeline(self, around: Sequence[Interceptor]) -> Pipeline:
        return Pipeline(self._root.predictor, self.metadata_for, around, self._opened)

    def _opened(self, call: Call, stream: Stream) -> OpenStream:
        return open_stream(self, self._root.executor, call, stream, self._pipeline.write)


class _Course:
    """One call on its way through the components.

    Args:
        service: takes its steps.
        pipeline: reads and writes, and runs the interceptors.
        call: the call.
        done: receives its outcome.
    """

    def __init__(self, service: ComposedService, pipeline: Pipeline, call: Call, done: Done) -> None:
        self._service = service
        self._pipeline = pipeline
        self._call = call
        self._done = done
        self._entered: Sequence[Interceptor] = ()
        self._memory: HeldMemory | None = None
        """Taken to read the request, until the call ends."""
        self._started = perf_counter()

    def begin(self) -> None:
        """Read the request and take the first steps. Runs on the first component's thread."""
        context = copy_context()
        strand = context.run(self._first, context)
        if strand is not None:
            strand.leave()

    def _first(self, context: Context) -> Strand | None:
        """Take the steps of the call that this thread can take; return None when it is over."""
        steps = self._begun()
        if steps is None:
            return None
        refused = partial(self._service.refusal, self._call)
        strand = self._service.strand(self._service.place, steps, context, refused, self._end)
        return strand if strand.start() else None

    def _begun(self) -> Steps | None:
        """Return the steps of the call; None when it is over."""
        call = self._call
        RUNNING.set(call)
        call.started = True
        result: Any = None
        error = self._service.refusal(call)
        if error is None:
            self._service.started(call)
            try:
                if call.method not in EMPTY_REQUESTS:
                    wire = call.wire
                    if type(wire) is not bytes or len(wire) > UNCOUNTED_BYTES:
                        self._memory = self._service.reserve(call)
                    self._entered, given = self._pipeline.enter(call, self._pipeline.read(call))
                    if not isinstance(given, Answer):
                        return self._checked(self._service.steps(call, given))
                    result = given.message
                elif call.method is Method.HEALTH_STATUS:
                    steps = self._service.health(call)
                    if steps is not None:
                        return self._checked(steps)
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs and services are plugins
                error = failed(raised, self._service.place)
        self._end(result, error)
        return None

    def _checked(self, steps: object) -> Steps:
        if type(steps) is GeneratorType or isinstance(steps, Generator):
            return steps
        raise TypeError(f"returned {type(steps).__name__}, expected a generator: yield at least one step")

    def _end(self, result: Any, error: SeldonError | None) -> None:
        """Run the interceptors' ``after``, write the answer and finish the call."""
        answer = None
        if error is None:
            try:
                answer = self._written(result)
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs are plugins
                error = failed(raised)
        if isinstance(answer, CoroutineType):
            self._service.units[0].executor.spawn(self._await(answer))
        else:
            self._finish(answer, error)

    async def _await(self, status: Awaitable[Any]) -> None:
        """Await the answer of an async ``health_status``."""
        answer, error = None, None
        try:
            answer = await awaited_for(self._call, status)
        except SeldonError as raised:
            error = raised
        except BaseException as raised:  # noqa: BLE001 - codecs are plugins
            error = failed(raised)
        self._finish(answer, error)

    def _finish(self, answer: Any, error: SeldonError | None) -> None:
        if isinstance(answer, OpenStream):
            answer.begin(self._done)
            return
        if error is None and has_passed(self._call):
            answer, error = None, deadline_exceeded(self._call)  # what the client received
        self._service.end(self._call, self._done, answer, error, self._started)

    def _written(self, result: Any) -> Any:
        if self._call.method in EMPTY_REQUESTS:
            return (
                self._pipeline.run(self._call) if result is None else self._pipeline.write(self._call, result)
            )
        if type(result) is not Message and not isinstance(result, _RESULTS):
            fault = TypeError(f"returned {type(result).__name__}, expected a Message or a Stream")
            raise PluginFailed(self._service.place, fault)
        unit = result.unit if isinstance(result, UnitStream) else self._service.units[0]
        if not self._entered and isinstance(result, Message):
            return self._service.encode(self._call, result)
        left = self._pipeline.leave(self._call, self._entered, result)
        if isinstance(left, Stream):
            return open_stream(self._service, unit.executor, self._call, left, self._pipeline.write)
        return self._pipeline.write(self._call, left)
