"""The service of several components, for plugins: graphs, ensembles, cascades."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextvars import Context, copy_context
from functools import cached_property, partial
from time import monotonic, perf_counter
from types import GeneratorType
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import RUNNING, Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import RUNTIME, failed, place_of
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.composed.batched_steps import BatchedStrand, StepQueue
from seldon_runtime.service.composed.call_end import CallEnd, release_frames
from seldon_runtime.service.composed.steps import Steps, next_step
from seldon_runtime.service.composed.strand import Strand
from seldon_runtime.service.done import Done, refusal
from seldon_runtime.service.interceptor import Answer, Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.running.joined_stream import open_stream
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.service.unit import Unit

_ANSWERS = (Message, Stream)


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
        self._strand: Callable[..., Strand] = Strand
        """Makes the strand of a call."""

    @abstractmethod
    def steps(self, call: Call, request: Request) -> Steps | Message | Stream:
        """Yield the steps that answer a request, and return the answer.

        ``answer = yield Ask(unit, method, request)`` has a component answer on its own thread. ``answers =
        yield [Ask(…), self.below(…)]`` takes several at the same time, generators included, and gives their
        answers in order. The error of a step is raised at its ``yield``. The generator runs on the thread of
        the component that answered last, so it must not block. A plain method returns such a generator; or,
        if this thread has made it without a step, the answer itself.

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

        Called on a component's thread, for calls that no interceptor saw, and for the error of an answer that
        cannot be written. Override it to answer with parts of the request's wire form that a message does not
        hold, or to say more about such an answer.
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
            unit: StepQueue(unit, batcher, lambda: self.draining, finished, lambda: self._queues.values())
            for unit, batcher in batchers.items()
        }
        if self._queues:
            self._strand = partial(BatchedStrand, self._queues)

    def accept(self, call: Call, done: Done) -> None:
        """Queue a call for the first component's thread; refuse it if the queue of any component is full."""
        for unit in self.units[1:]:
            unit.executor.require_room()
        self._root.executor.submit(partial(self.run, call, done))

    def run(self, call: Call, done: Done) -> None:
        """Begin a call on this thread, in a context of its own; it ends on any component's thread."""
        context = copy_context()
        strand = context.run(self._begin, call, done, context)
        if strand is not None:
            strand.leave()

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
        deadline = call.deadline
        if call.cancelled or (deadline is not None and monotonic() >= deadline):
            return refusal(call)
        return None

    def _make_pipeline(self, around: Sequence[Interceptor]) -> Pipeline:
        return Pipeline(self._root.predictor, self.metadata_for, around, self._opened)

    def _opened(self, call: Call, stream: Stream) -> OpenStream:
        return open_stream(self, self._root.executor, call, stream, self._pipeline.write)

    def _begin(self, call: Call, done: Done, context: Context) -> Strand | None:
        """Read the request and take the steps that this thread can take; return those that need others.

        Most calls of components on one thread end here, without the object that ends a call later.
        """
        started = perf_counter()
        RUNNING.set(call)
        call.started = True
        answer: Any = None
        end: CallEnd | None = None
        error = self.refusal(call)
        if error is None:
            if self._sees_starts:
                self.started(call)
            place = self.place
            try:
                made, entered, memory = self._made(call)
                if type(made) is Message and not entered:
                    place = RUNTIME
                    answer = self.encode(call, made)
                    if call.deadline is not None and has_passed(call):
                        answer, error = None, deadline_exceeded(call)  # what the client received
                else:
                    end = CallEnd(self, self.encode, call, done, self._pipeline, started, entered, memory)
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs and services are plugins
                error = failed(raised, place)
        if end is not None:
            return self._later(call, made, context, end)
        self.end(call, done, answer, error, started)
        if error is not None:
            release_frames(call, error)
        error = None  # its traceback refers to this frame: only the garbage collector would free the call
        return None

    def _made(self, call: Call) -> tuple[Any, Sequence[Interceptor], HeldMemory | None]:
        """Return the steps or the answer of a call, the interceptors that saw it, and the memory it holds.

        The answer is None for METADATA, and for a HEALTH_STATUS that the first component answers.
        """
        if call.method in EMPTY_REQUESTS:
            steps = self.health(call) if call.method is Method.HEALTH_STATUS else None
            return (None if steps is None else _checked(steps)), (), None
        wire, pipeline, memory = call.wire, self._pipeline, None
        if type(wire) is not bytes or len(wire) > UNCOUNTED_BYTES:
            memory = self.reserve(call)
        request: Any = pipeline.read(call)
        entered: Sequence[Interceptor] = ()
        if self._interceptors.around:
            entered, request = pipeline.enter(call, request)
            if isinstance(request, Answer):
                return request.message, entered, memory
        made = self.steps(call, request)
        if type(made) is not Message and type(made) is not GeneratorType and not isinstance(made, _ANSWERS):
            made = _checked(made, "a generator, a Message or a Stream")
        return made, entered, memory

    def _later(self, call: Call, made: Any, context: Context, end: CallEnd) -> Strand | None:
        """Take the steps of a call, and end it; return the steps that need other threads."""
        error: SeldonError | None = None
        try:
            if type(made) is GeneratorType or isinstance(made, Generator):
                try:
                    step = next_step(made)
                except StopIteration as ended:
                    made = ended.value
                else:
                    strand = self._strand(self.place, made, context, partial(self.refusal, call), end.take)
                    return strand if strand.start(step) else None
        except SeldonError as raised:
            error = raised
        except BaseException as raised:  # noqa: BLE001 - the steps are a plugin's
            error = failed(raised, self.place)
        end.take(made, error)
        error = None
        return None


def _checked(steps: object, expected: str = "a generator: yield at least one step") -> Steps:
    if type(steps) is GeneratorType or isinstance(steps, Generator):
        return steps
    raise TypeError(f"returned {type(steps).__name__}, expected {expected}")
