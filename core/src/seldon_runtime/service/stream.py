"""Streams of answers: pulled by the transport, one item at a time, each a job in the component's queue."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.owners import failed
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.done import Done, awaited, hand_over
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.service import Service


class OpenStream:
    """A stream of answers that the transport pulls: ``done`` receives it if the call accepts streams.

    The call ends, and observers are notified, when the stream has ended or the transport closed it.

    Args:
        service: finishes the call.
        executor: runs the component.
        call: the call that the stream answers.
        stream: the component's stream.

    Raises:
        SeldonError: NOT_IMPLEMENTED when the transport cannot send a stream, which is then closed.
    """

    def __init__(self, service: Service, executor: Executor, call: Call, stream: Stream) -> None:
        if not call.accepts_stream:
            stream.close()
            raise SeldonError(
                f"{call.method.value} returned a stream, which {call.transport} cannot send for this request",
                code=ErrorCode.NOT_IMPLEMENTED,
            )
        self._service = service
        self._executor = executor
        self._call = call
        self._stream = stream
        self._started = time.perf_counter()
        self._context = copy_context()
        self._is_over = False

    def pull(self, done: Done) -> None:
        """Request the next item and return at once.

        ``done`` receives the item's wire form; ``(None, None)`` at the end; or the error that ended the
        stream. Pull again only after ``done`` was called.
        """
        try:
            self._executor.submit_further(lambda: self._context.run(self._next, done))
        except SeldonError as error:
            self._end(error)
            hand_over(self._call, done, None, error)

    async def pull_async(self) -> Any:
        """Await the wire form of the next item; None at the end. Cancelling the task closes the stream.

        Raises:
            SeldonError: the error that ended the stream.
        """
        try:
            return await awaited(self.pull)
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        """Stop the stream, because the client disconnected. Returns at once; any thread."""
        self._call.cancel()
        try:
            self._executor.submit_further(lambda: self._context.run(self._end, _disconnected()))
        except SeldonError as error:  # the component's thread has ended
            self._end(error)

    def _next(self, done: Done) -> None:
        if self._is_over:
            hand_over(self._call, done, None, _disconnected())
            return
        item, error = None, self._interruption()
        if error is None:
            try:
                item = self._next_item()
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - the boundary to user code and codecs
                error = failed(raised, f"a stream of {self._call.method.value}")
        if item is None:
            self._end(error)
        hand_over(self._call, done, item, error)
        error = None  # its traceback holds this frame

    def _next_item(self) -> Any:
        item = self._stream.next()
        if item is None:
            return None
        if not isinstance(item, Message):
            raise TypeError(f"the stream returned {type(item).__name__}, expected a Message")
        self._call.metrics = item.metrics
        return self._call.codec.write_item(self._call.method, item)

    def _interruption(self) -> SeldonError | None:
        if self._call.cancelled:
            return _disconnected()
        return deadline_exceeded(self._call) if has_passed(self._call) else None

    def _end(self, error: SeldonError | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        try:
            self._stream.close()
        except BaseException as raised:  # noqa: BLE001 - the boundary to user code
            error = error or failed(raised, f"a stream of {self._call.method.value}")
        self._service.settle(self._call, None, error, self._started)


def _disconnected() -> SeldonError:
    return SeldonError("the client disconnected before the stream ended", code=ErrorCode.CANCELLED)
