"""Streams of answers: pulled by the transport, one item at a time, each a job in the component's queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable
from contextvars import copy_context
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed, waited_for
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.owners import failed
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.done import Done, LimitedDone, awaited, hand_over
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.running.stream_task import StreamTask
from seldon_runtime.service.service import Service


class OpenStream:
    """A stream of answers that the transport pulls: ``done`` receives it if the call accepts streams.

    The call ends, and observers are notified, when the stream has ended or the transport closed it.

    Args:
        service: finishes the call.
        executor: runs the component.
        call: the call that the stream answers.
        stream: the component's stream.
    """

    def __init__(self, service: Service, executor: Executor, call: Call, stream: Stream) -> None:
        self._service = service
        self._executor = executor
        self._call = call
        self._stream = stream
        self._started = self._last = time.perf_counter()
        self._context = copy_context()
        self._turn = threading.Lock()
        """Held in the context, which one thread may still be leaving when another one makes the next item."""
        self._is_busy = False
        """True from the request for an item until it is there."""
        self._is_over = False
        self._is_delivering = False
        """True while a coroutine delivers an item on the component's thread, and may make the next one."""
        self._wanted: Done | None = None
        self._late: SeldonError | None = None
        """The error that ended an item which took too long."""
        self._failure: SeldonError | None = None
        """The error that ended the stream."""
        self._task: StreamTask | None = None
        """The task that makes the items of an async stream."""
        self._count = 0
        self._is_limited = service.limits.stream_idle_timeout_s is not None or call.deadline is not None

    def begin(self, done: Done, started: float) -> None:
        """Hand the stream over to the transport. The service calls it, on the component's thread.

        Args:
            done: the function that receives the stream.
            started: the time at which the call began to run (``time.perf_counter``).
        """
        self._started = started
        self._watch()
        error = self._interruption()
        if error is not None:  # nobody waits for the stream
            self._finish(done, error)
        else:
            hand_over(self._call, done, self, None)  # the call is over with its last item

    def _watch(self) -> None:
        """Have the call end this stream when it is cancelled, wherever the stream is by then."""
        self._call.interruptions = (*self._call.interruptions, self._interrupt)

    def pull(self, done: Done) -> None:
        """Request the next item and return at once.

        ``done`` receives the item's wire form; ``(None, None)`` at the end; or the error that ended the
        stream. An item that is not there by the call's deadline, or within ``--stream-idle-timeout``, ends
        it. Pull again only after ``done`` was called.
        """
        if self._is_limited:
            done = LimitedDone(self._service.timers, self._limit(), done, self._is_late)
        self._is_busy = True
        if self._is_delivering and self._executor.is_current:
            self._wanted = done  # the coroutine that delivers goes on
            return
        try:
            self._executor.submit_further(lambda: self._begin(done))
        except SeldonError as error:  # the component's thread has ended
            if self._task is None:
                self._end(error)
            else:
                self._task.cancel()
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

    def _interrupt(self) -> None:
        """End the stream, or the item that is being made. A call that is cancelled does it. Any thread."""
        if self._task is not None:
            self._task.cancel()
            return
        try:
            self._executor.submit_further(self._close)
        except SeldonError as error:  # the component's thread has ended
            if not self._is_busy:
                self._end(error)

    def _is_late(self) -> SeldonError:
        """End the item that is being made, which took too long, and return the error. Any thread."""
        error = self._late = deadline_exceeded(self._call) if has_passed(self._call) else self._without_item()
        self._call.interrupt()
        return error

    def _without_item(self) -> SeldonError:
        place = waited_for(self._call)
        return SeldonError(
            f"the stream had no item for {self._service.limits.stream_idle_timeout_s:g} s "
            f"(SELDON_STREAM_IDLE_TIMEOUT_S){f': it was waiting for {place}' if place else ''}",
            code=ErrorCode.DEADLINE_EXCEEDED,
        )

    def _limit(self) -> float:
        """Return the time by which the next item must be there, on the clock of ``time.monotonic``."""
        idle_s, deadline = self._service.limits.stream_idle_timeout_s, self._call.deadline
        if idle_s is None:
            assert deadline is not None
            return deadline
        limit = time.monotonic() + idle_s
        return limit if deadline is None else min(limit, deadline)

    def _begin(self, done: Done) -> None:
        """Make the next item, or have the stream's task make it. On the component's thread."""
        if self._task is not None:
            self._task.want(done, self._refuse)
        else:
            with self._turn:
                self._context.run(self._next, done)

    def _next(self, done: Done) -> None:
        if self._is_over:
            self._refuse(done)
            return
        item, error = None, self._interruption()
        if error is None:
            try:
                made = self._stream.next()
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - the boundary to user code and codecs
                error = failed(raised, self._name)
            else:
                if type(made) is not Message and isinstance(made, Awaitable):
                    self._go_on_in_task(done, made)
                    return
                item = made
        self._made(done, item, error)
        error = None  # its traceback holds this frame

    def _go_on_in_task(self, done: Done, made: Awaitable[Any]) -> None:
        loop = self._executor.interleave()
        self._task = StreamTask(loop, self._call, self._stream, self._interruption, self._pass_on, self._end)
        self._executor.spawn(self._task.run(done, made))

    def _refuse(self, done: Done) -> None:
        """Answer a request after the end."""
        hand_over(self._call, done, None, self._failure or _disconnected())

    def _pass_on(self, done: Done, item: Any, error: SeldonError | None, may_go_on: bool) -> Done | None:
        """Pass on what the task has made; return the request for the next item if it came at once."""
        self._is_delivering, self._wanted = may_go_on, None
        self._made(done, item, error)
        self._is_delivering = False
        return self._wanted

    def _made(self, done: Done, item: Any, error: SeldonError | None) -> None:
        """Pass on an item, the end (None) or the error."""
        self._is_busy = False
        error = self._late or error
        if error is None and item is not None:
            try:
                if not isinstance(item, Message):
                    raise TypeError(f"the stream returned {type(item).__name__}, expected a Message")
                self._count_item(item)
                self._deliver(done, item)
                return
            except SeldonError as raised:
                error = self._placed(raised)
            except BaseException as raised:  # noqa: BLE001 - the boundary to user code and codecs
                error = failed(raised, self._name)
        self._finish(done, error)

    def _placed(self, error: SeldonError) -> SeldonError:
        """Return the error of an item that cannot be written, with the component that made the item."""
        place = waited_for(self._call)
        return error.placed(place) if place else error

    def _count_item(self, item: Message) -> None:
        self._call.metrics = item.metrics
        self._count += 1
        if self._service.sees_items:
            now = time.perf_counter()
            since = self._call.submitted if self._count == 1 else self._last
            self._last = now
            self._service.item_made(self._call, self._count, now - since)

    def _deliver(self, done: Done, item: Message) -> None:
        hand_over(self._call, done, self._call.codec.write_item(self._call.method, item), None)

    def _finish(self, done: Done, error: SeldonError | None) -> None:
        self._end(error)
        hand_over(self._call, done, None, error)

    def _interruption(self) -> SeldonError | None:
        if self._late is not None:
            return self._late
        if self._call.cancelled:
            return _disconnected()
        return deadline_exceeded(self._call) if has_passed(self._call) else None

    @property
    def _name(self) -> str:
        return f"a stream of {self._call.method.value}"

    def _close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self._is_busy:  # otherwise the item that is being made ends the stream
            with self._turn:
                self._context.run(self._end, _disconnected())

    def _end(self, error: SeldonError | None) -> None:
        """Close the component's stream and settle the call, once."""
        if self._is_over:
            return
        self._is_over = True
        self._failure = error
        watched, own = self._call.interruptions, self._interrupt
        self._call.interruptions = tuple(other for other in watched if other != own)
        closing = None
        try:
            closing = self._stream.close()
        except BaseException as raised:  # noqa: BLE001 - the boundary to user code
            error = error or failed(raised, self._name)
        task = self._task if self._task is not None and self._task.is_current else None
        if task is not None:
            task.close(None if closing is None else self._closed(closing, error))
        if closing is None or (task is None and not self._executor.is_current):
            self._settle(error)
        elif task is None:
            self._executor.spawn(self._closed(closing, error))

    async def _closed(self, closing: Awaitable[None], error: SeldonError | None) -> None:
        try:
            await closing
        except BaseException as raised:  # noqa: BLE001 - the boundary to user code
            error = error or failed(raised, self._name)
        self._settle(error)

    def _settle(self, error: SeldonError | None) -> None:
        self._service.settle(self._call, None, error, self._started)
        self._call.waits_for = None


def _disconnected() -> SeldonError:
    return SeldonError("the client disconnected before the stream ended", code=ErrorCode.CANCELLED)
