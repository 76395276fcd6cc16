"""The end of a call through several components."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from traceback import clear_frames
from types import CoroutineType
from typing import Any

from seldon_runtime.errors import PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory, length_of
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.method import EMPTY_REQUESTS
from seldon_runtime.inference.owners import failed, place_of
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.composed.unit_stream import UnitStream
from seldon_runtime.service.done import Done
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.running.coroutines import awaited_for
from seldon_runtime.service.running.joined_stream import open_stream
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream

_RESULTS = (Message, Stream)


class CallEnd:
    """The end of a call: runs the interceptors' ``after``, writes the answer and finishes the call.

    Args:
        service: the service of the call.
        encode: returns the wire answer of a message that no interceptor saw.
        call: the call.
        done: receives its outcome.
        pipeline: reads and writes, and runs the interceptors.
        started: the time at which the call began to run.
        entered: the interceptors whose ``after`` must run.
        memory: taken to read the request, until the call ends.
    """

    __slots__ = ("_call", "_done", "_encode", "_entered", "_memory", "_pipeline", "_service", "_started")

    def __init__(
        self,
        service: Service,
        encode: Callable[[Call, Message], Any],
        call: Call,
        done: Done,
        pipeline: Pipeline,
        started: float,
        entered: Sequence[Interceptor],
        memory: HeldMemory | None,
    ) -> None:
        self._service = service
        self._encode = encode
        self._call = call
        self._done = done
        self._started = started
        self._pipeline = pipeline
        self._entered = entered
        self._memory = memory

    def take(self, result: Any, error: SeldonError | None) -> None:
        """End the call with an answer or an error, in its context."""
        answer, call, service = None, self._call, self._service
        if error is None:
            try:
                if type(result) is Message and not self._entered and call.method not in EMPTY_REQUESTS:
                    answer = self._encode(call, result)  # as nearly always
                else:
                    answer = self._written(result)
                    if isinstance(answer, OpenStream):
                        answer.begin(self._done, self._started)
                        return
                    if type(answer) is CoroutineType:
                        service.units[0].executor.spawn(self._await(answer))
                        return
                if call.deadline is not None and has_passed(call):
                    answer, error = None, deadline_exceeded(call)  # what the client received
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs are plugins
                error = failed(raised)
        service.end(call, self._done, answer, error, self._started)
        if error is not None:
            release_frames(call, error)
        error = None  # its traceback refers to this frame

    async def _await(self, status: Awaitable[Any]) -> None:
        """Await the answer of an async ``health_status``."""
        answer, error = None, None
        try:
            answer = await awaited_for(self._call, status)
            if has_passed(self._call):
                answer, error = None, deadline_exceeded(self._call)
        except SeldonError as raised:
            error = raised
        except BaseException as raised:  # noqa: BLE001 - codecs are plugins
            error = failed(raised)
        self._service.end(self._call, self._done, answer, error, self._started)

    def _written(self, result: Any) -> Any:
        call, pipeline = self._call, self._pipeline
        if call.method in EMPTY_REQUESTS:
            return pipeline.run(call) if result is None else pipeline.write(call, result)
        if type(result) is not Message and not isinstance(result, _RESULTS):
            fault = TypeError(f"returned {type(result).__name__}, expected a Message or a Stream")
            raise PluginFailed(place_of(self._service, "steps"), fault)
        executor = result.unit.executor if isinstance(result, UnitStream) else self._service.units[0].executor
        if not self._entered and isinstance(result, Message):
            return self._encode(call, result)
        left = pipeline.leave(call, self._entered, result)
        if isinstance(left, Stream):
            return open_stream(self._service, executor, call, left, pipeline.write)
        try:
            return pipeline.write(call, left)
        except SeldonError:
            if isinstance(result, Message):
                self._encode(call, result)  # raises its own error, unless an interceptor is at fault
            raise


def release_frames(call: Call, error: BaseException) -> None:
    """Have the frames of an error release the request of a call that has ended, if it is large.

    Frames refer to errors, and tracebacks to frames: both would stay until the garbage collector runs. The
    traceback keeps its lines.
    """
    if length_of(call.wire) <= UNCOUNTED_BYTES:
        return
    chain: list[BaseException | None] = [error]
    seen: set[int] = set()
    while chain:
        each = chain.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            clear_frames(each.__traceback__)
            chain += (each.__cause__, each.__context__)
