"""The one task of an async stream: all its steps run there, from the first item to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.owners import failed
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.done import Done, hand_over
from seldon_runtime.service.running.coroutines import failure_of_cancelled
from seldon_runtime.service.running.event_loop import EventLoop

_IN_A_ROW = 16
"""The items that are made in a row, at most, before other calls of the queue may start."""

Interruption = Callable[[], SeldonError | None]
PassOn = Callable[[Done, Any, SeldonError | None, bool], Done | None]
End = Callable[[SeldonError | None], None]


class StreamTask:
    """The task that makes the items of a stream, so that a timeout or a task group may enclose several.

    While it waits for the request for an item, it does not count towards the concurrency.

    Args:
        loop: runs the task.
        call: the call that the stream answers.
        stream: the component's stream.
        interruption: returns the error by which the stream must end now, or None.
        pass_on: passes an item, the end (None) or an error on. If the last argument is True, it returns the
            request for the next item that came at once; else None.
        end: closes the component's stream, and calls :meth:`close`.
    """

    def __init__(
        self,
        loop: EventLoop,
        call: Call,
        stream: Stream,
        interruption: Interruption,
        pass_on: PassOn,
        end: End,
    ) -> None:
        self._loop = loop
        self._call = call
        self._stream = stream
        self._interruption = interruption
        self._pass_on = pass_on
        self._end = end
        self._task: asyncio.Task[Any] | None = None
        self._is_cancelled = self._is_over = False
        self._closing: Coroutine[Any, Any, None] | None = None
        self._wanted: Done | None = None
        """The request that waits for the task."""
        self._wake: asyncio.Future[None] | None = None

    @property
    def is_current(self) -> bool:
        """True in the task itself."""
        return self._task is not None and self._loop.is_current and asyncio.current_task() is self._task

    def cancel(self) -> None:
        """Cancel the step that is under way, or the wait for a request, once. Any thread."""
        with suppress(RuntimeError):  # the loop has ended, and the task with it
            self._loop.put_between(self._cancel)

    def want(self, done: Done, refuse: Callable[[Done], None]) -> None:
        """Request the next item; ``refuse`` takes the request after the end. Any thread of the executor."""
        if self._loop.is_current:
            self._want(done, refuse)
        else:
            self._loop.put_between(lambda: self._want(done, refuse))

    def close(self, closing: Coroutine[Any, Any, None] | None) -> None:
        """Make no further item, and await ``closing`` as the last step. In the task itself."""
        self._is_over, self._closing = True, closing

    async def run(self, done: Done, made: Awaitable[Any]) -> None:
        """Make the items, of which ``done`` has requested the first and ``made`` is to become it."""
        task = self._task = asyncio.current_task()
        assert task is not None
        item, error = None, self._interruption()
        if error is None:
            item, error = await self._step(lambda: made)
        elif isinstance(made, Coroutine):
            made.close()
        left = _IN_A_ROW
        while True:
            left -= 1
            wanted = self._pass_on(done, item, error, left > 0)
            if wanted is None:  # a wait takes longer than an item
                wanted, left = await self._request(), _IN_A_ROW
            if wanted is None:
                break
            done = wanted
            item, error = None, self._interruption()
            if error is None:
                item, error = await self._step(self._stream.next)
        if self._closing is not None:
            if self._is_cancelled:
                task.uncancel()  # the end may await
            await self._closing

    async def _request(self) -> Done | None:
        """Await the request for the next item; return None when the stream has ended.

        User code may cancel the task meanwhile, such as by a timeout around a ``yield``: it raises there.
        """
        while not self._is_over:
            try:
                if self._wanted is None:
                    await self._wait()
                return self._taken()
            except asyncio.CancelledError:
                error = self._interruption()
            if error is None:
                _, error = await self._step(lambda: self._stream.interrupt(asyncio.CancelledError()))
            if error is None and self._loop.has_ended:
                error = SeldonError("the process stopped before the stream ended", code=ErrorCode.UNAVAILABLE)
            if error is not None:
                self._fail(error)
        return None

    async def _step(self, begin: Callable[[], Any]) -> tuple[Any, SeldonError | None]:
        """Return the result of a step of the component's stream, or its error."""
        try:
            made = begin()
            return (await made if type(made) is not Message and isinstance(made, Awaitable) else made), None
        except SeldonError as raised:
            return None, raised
        except asyncio.CancelledError as raised:
            return None, self._interruption() or failure_of_cancelled(self._call, raised)
        except BaseException as raised:  # noqa: BLE001 - the boundary to user code and codecs
            return None, failed(raised, f"a stream of {self._call.method.value}")

    async def _wait(self) -> None:
        task = self._task
        assert task is not None
        self._wake = asyncio.get_running_loop().create_future()
        self._loop.rest(task)
        try:
            await self._wake
        finally:
            self._wake = None
            self._loop.go_on(task)

    def _want(self, done: Done, refuse: Callable[[Done], None]) -> None:
        if self._is_over:
            refuse(done)
            return
        self._wanted = done
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
            assert self._task is not None
            self._loop.go_on(self._task)

    def _taken(self) -> Done | None:
        wanted, self._wanted = self._wanted, None
        return wanted

    def _fail(self, error: SeldonError) -> None:
        """End the stream between two items. The request that comes next, or has come, receives the error."""
        self._end(error)
        done = self._taken()
        if done is not None:
            hand_over(self._call, done, None, error)

    def _cancel(self) -> None:
        if not (self._is_cancelled or self._is_over) and self._task is not None:
            self._is_cancelled = True
            self._task.cancel()
