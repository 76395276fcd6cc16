"""The pipeline: read, before, predict, after, write. Every step runs on the component's thread.

For an async method, the steps after ``predict`` are a coroutine, which is the pipeline's answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from seldon_runtime.errors import ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import Codec
from seldon_runtime.inference.message import NO_META, Feedback, Kind, Message, Payload, Request
from seldon_runtime.inference.method import EMPTY_REQUESTS, Method
from seldon_runtime.inference.owners import place_of
from seldon_runtime.inference.predictor import Predictor, Stream, WireMethod
from seldon_runtime.service.interceptor import Answer, Interceptor, after, after_item, before

_SEND_FEEDBACK = Method.SEND_FEEDBACK  # looking up a member of an Enum takes a thousand instructions (3.11)
_METADATA = Method.METADATA

Finished = Message | Stream
Result = Finished | Awaitable[Any]
"""The result of a predictor, finished or not."""
Opened = Callable[[Call, Stream], Any]


class Pipeline:
    """The steps from a call's wire object to its wire answer.

    Args:
        predictor: answers the decoded requests.
        metadata: returns the document that answers a call of METADATA, or raises a SeldonError.
        interceptors: the interceptors with ``before`` or ``after``, the outermost first.
        opened: makes the wire answer of a stream.
    """

    def __init__(
        self,
        predictor: Predictor,
        metadata: Callable[[Call], Mapping[str, Any]],
        interceptors: Sequence[Interceptor],
        opened: Opened,
    ) -> None:
        self._predictor = predictor
        self._metadata = metadata
        self._interceptors = interceptors
        self._opened = opened
        self._predict = predictor.answer
        self._special: dict[str, Mapping[Method, Callable[[Call], Any]]] = {}
        """By codec: the methods whose calls are not read here, and what answers them."""

    def run(self, call: Call) -> Any:
        """Return the wire answer. Blocks while the component runs.

        Raises:
            SeldonError: the client receives this error; ComponentFailed when user code or a plugin raised.
        """
        method, codec = call.method, call.codec
        special = self._special.get(codec.name)
        if special is None:
            special = self._special[codec.name] = self._special_of(codec)
        if method in special:
            return special[method](call)
        request = codec.read(method, call.wire)
        if method is _SEND_FEEDBACK and isinstance(request, Feedback):
            call.reward = request.reward
        result = self._between(call, request) if self._interceptors else self._predict(method, request)
        if type(result) is Message:
            call.metrics = result.metrics
            if result.headers is not None:
                _add_headers(call, result.headers)
            return codec.write(method, result)
        return self.write(call, result)

    def _special_of(self, codec: Codec) -> dict[Method, Callable[[Call], Any]]:
        special: dict[Method, Callable[[Call], Any]] = dict.fromkeys(EMPTY_REQUESTS, self._status)
        for method, answer in self._predictor.wire_methods(codec).items():
            special[method] = partial(self._on_the_wire, answer)
        return special

    def _on_the_wire(self, answer: WireMethod, call: Call) -> Any:
        return answer(call, partial(self._proceed, call))

    def read(self, call: Call) -> Request:
        """Return the decoded request. A feedback's reward counts from here on, even if the call fails."""
        request = call.codec.read(call.method, call.wire)
        if call.method is _SEND_FEEDBACK and isinstance(request, Feedback):
            call.reward = request.reward
        return request

    def write(self, call: Call, result: Result) -> Any:
        """Return the wire answer of the component's result."""
        if isinstance(result, Message):
            call.metrics = result.metrics
            if result.headers is not None:
                _add_headers(call, result.headers)
            return call.codec.write(call.method, result)
        if isinstance(result, Stream):
            return self._opened(call, result)
        if isinstance(result, Awaitable):
            return self._write_later(call, result)
        raise PluginFailed(
            place_of(self._predictor, "predict"),
            TypeError(f"predict returned {type(result).__name__}, expected a Message or a Stream"),
        )

    async def _write_later(self, call: Call, result: Awaitable[Any]) -> Any:
        return self.write(call, await result)

    def _proceed(self, call: Call, request: Request) -> Any:
        """Answer by the plain method, for a raw method that raises SeldonNotImplementedError."""
        if request is None:  # a raw health_status
            return self._status(call)
        if self._interceptors:
            return self.write(call, self._between(call, request))
        return self.write(call, self._predict(call.method, request))

    def _status(self, call: Call) -> Any:
        if call.method is not _METADATA:
            return self.write(call, self._predict(call.method, None))
        return call.codec.write(call.method, Message(Payload(Kind.JSON, self._metadata(call))))

    def _between(self, call: Call, request: Request) -> Result:
        entered, given = self.enter(call, request)
        if isinstance(given, Answer):
            return self.leave(call, entered, given.message)
        return self.leave(call, entered, self._predict(call.method, given))

    def enter(self, call: Call, request: Request) -> tuple[list[Interceptor], Request | Answer]:
        """Run the interceptors' ``before``.

        Returns:
            The interceptors whose ``after`` must run, and the request for the component or an answer.
        """
        if self._interceptors:
            request = _with_own_metas(request)
        entered: list[Interceptor] = []
        for interceptor in self._interceptors:
            given = before(interceptor, call, request)
            if isinstance(given, Answer):
                return entered, given
            request = given
            entered.append(interceptor)
        return entered, request

    def leave(self, call: Call, entered: Sequence[Interceptor], result: Result) -> Result:
        """Run ``after`` of the interceptors whose ``before`` ran, the innermost first."""
        if not entered:
            return result
        if isinstance(result, Stream):
            return _Intercepted(result, call, entered)
        if isinstance(result, Awaitable):
            return self._leave_later(call, entered, result)
        result = result.with_own_meta()
        for interceptor in reversed(entered):
            result = after(interceptor, call, result)
        return result

    async def _leave_later(self, call: Call, entered: Sequence[Interceptor], result: Awaitable[Any]) -> Any:
        finished: Finished = await result
        return self.leave(call, entered, finished)


def _with_own_metas(request: Request) -> Request:
    """Return a request whose metas other calls do not share."""
    if isinstance(request, Message):
        return _with_own_meta(request)
    if isinstance(request, list):
        return [_with_own_meta(part) for part in request]
    if request is None:
        return None
    parts = (request.request, request.response, request.truth)
    given, response, truth = [None if part is None else _with_own_meta(part) for part in parts]
    return replace(request, request=given, response=response, truth=truth)


def _with_own_meta(part: Message) -> Message:
    return part.with_own_meta() if part.meta is NO_META else part


def _add_headers(call: Call, headers: Mapping[str, str]) -> None:
    call.response_headers = {**(call.response_headers or {}), **headers}


class _Intercepted(Stream):
    """A stream whose items pass interceptors."""

    def __init__(self, stream: Stream, call: Call, entered: Sequence[Interceptor]) -> None:
        self._stream = stream
        self.headers = stream.headers
        self._call = call
        self._entered = entered

    def next(self) -> Message | Awaitable[Message | None] | None:
        """Return the next item as the interceptors leave it."""
        item = self._stream.next()
        return self._left_later(item) if isinstance(item, Awaitable) else self._left(item)

    async def _left_later(self, item: Awaitable[Message | None]) -> Message | None:
        return self._left(await item)

    def _left(self, item: Message | None) -> Message | None:
        if item is None:
            return None
        item = item.with_own_meta()
        for interceptor in reversed(self._entered):
            item = after_item(interceptor, self._call, item)
        return item

    def interrupt(self, error: BaseException) -> Awaitable[None] | None:
        """Raise an error in the stream itself."""
        return self._stream.interrupt(error)

    def close(self) -> Awaitable[None] | None:
        """Close the stream itself."""
        return self._stream.close()


def refuse(reason: str) -> Callable[[Call], Any]:
    """Return a stand-in for :meth:`Pipeline.run` that refuses every call with UNAVAILABLE."""

    def refused(call: Call) -> Any:
        raise SeldonError(reason, code=ErrorCode.UNAVAILABLE)

    return refused
