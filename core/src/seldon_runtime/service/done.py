"""The end of a call: its transport's ``done`` function receives the outcome once, by the deadline."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.deadline import deadline_exceeded, has_passed
from seldon_runtime.service.timers import Timer, Timers

logger = logging.getLogger(__name__)

Done = Callable[[Any, SeldonError | None], None]
"""Function that receives the wire answer or the error of a call, exactly once.

It runs on the component's thread; on the timers' thread when the deadline passes; or on the submitting
thread, before ``submit`` returns, when the call is answered or refused at once. It must not block.
"""


class BoundedDone(Timer):
    """The ``done`` function of a call with a deadline: passes the first outcome on, by the deadline.

    It repeats the code of :meth:`Timers.add` and :meth:`Timers.take`, which saves two function calls a call.

    Args:
        timers: the service's timers.
        call: a call with a deadline.
        done: the transport's function, which receives the outcome.
    """

    __slots__ = ("_call", "_done", "_pending")

    def __init__(self, timers: Timers, call: Call, done: Done) -> None:
        assert call.deadline is not None
        self.when = call.deadline
        self._pending = timers.pending
        self._call = call
        self._done = done
        self._pending[self] = None
        if self.when < timers.looks_at:
            timers.wake(self.when)

    def __call__(self, answer: Any, error: SeldonError | None) -> None:
        """Pass the outcome to the transport, unless the deadline has passed before."""
        if self._pending.pop(self, self) is None:
            self._done(answer, error)

    def run(self) -> None:
        """Pass the error DEADLINE_EXCEEDED to the transport. The timers call it at the deadline."""
        self._done(None, deadline_exceeded(self._call))
        self._call.interrupt()


class LimitedDone(Timer):
    """The ``done`` function of one item of a stream, which receives an error if the item takes too long.

    Args:
        timers: the service's timers.
        when: the time by which the item must be there.
        done: the transport's function.
        late: ends the item and returns the error.
    """

    __slots__ = ("_done", "_late", "_timers")

    def __init__(self, timers: Timers, when: float, done: Done, late: Callable[[], SeldonError]) -> None:
        super().__init__(when)
        self._timers = timers
        self._done = done
        self._late = late
        timers.add(self)

    def __call__(self, item: Any, error: SeldonError | None) -> None:
        """Pass the item on, unless it is late."""
        if self._timers.take(self):
            self._done(item, error)

    def run(self) -> None:
        """Pass the error on. The timers call it."""
        self._done(None, self._late())


async def awaited(start: Callable[[Done], None]) -> Any:
    """Await the outcome that ``start`` hands over to its ``done``, from any thread.

    Raises:
        SeldonError: the outcome's error.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(answer: Any, error: SeldonError | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(answer)

    def done(answer: Any, error: SeldonError | None) -> None:
        try:
            loop.call_soon_threadsafe(settle, answer, error)
        except RuntimeError:  # the transport's event loop has ended: nobody awaits the answer
            logger.debug("dropped an answer: its transport has stopped")

    start(done)
    return await future


def hand_over(call: Call, done: Done, answer: Any, error: SeldonError | None) -> None:
    """Pass the outcome of a call to its transport; log an exception that the transport raises."""
    try:
        done(answer, error)
    except BaseException:  # a fault of the transport must not stop the component's thread
        logger.exception("transport %s failed to accept an answer", call.transport)


def leave_child(call: Call, done: Done, answer: Any, error: SeldonError | None, started: float) -> NoReturn:
    """End a child that user code forked in a call, where its user code returns: the parent answers the call.

    The exit status is that of a program: 0, the one of SystemExit, or 1 after another exception, which is
    logged.
    """
    del done, answer, started
    cause = error.__cause__ if error is not None else None
    status = 0 if error is None else 1
    if isinstance(cause, SystemExit):
        status = cause.code if isinstance(cause.code, int) else int(cause.code is not None)
    elif error is not None:
        log_error(call, error)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # user code may have closed or replaced it
            stream.flush()
    os._exit(status)


def refusal(call: Call) -> SeldonError | None:
    """Return the error of a call that is cancelled or past its deadline; None when it may run."""
    if call.cancelled:
        return SeldonError("the client disconnected before the call started", code=ErrorCode.CANCELLED)
    return deadline_exceeded(call) if has_passed(call) else None


def measure(call: Call, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
    """Return the status and the size in bytes of an outcome, for observers."""
    try:
        return call.outcome(answer, error)
    except BaseException:
        logger.exception("transport %s cannot measure an answer", call.transport)
        return "COMPONENT_FAILED" if error is not None else "OK", 0


def log_error(call: Call, error: SeldonError) -> None:
    """Log a failure of the component with traceback and request id; log a caller's fault at DEBUG."""
    call.identify()
    if isinstance(error, ComponentFailed):
        logger.error(
            "%s failed in %s, request %s",
            call.method.value,
            error.where,
            call.request_id,
            exc_info=error.__cause__,
        )
    elif error.code in (ErrorCode.COMPONENT_FAILED, ErrorCode.BAD_METRIC):
        logger.error("%s failed, request %s: %s", call.method.value, call.request_id, error.message)
    else:
        logger.debug("%s refused, request %s: %s", call.method.value, call.request_id, error.message)
