"""What a transport sees of the runtime: submit a call, ask whether it is ready."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from seldon_runtime.call import RUNNING, Call
from seldon_runtime.component import Component
from seldon_runtime.deadline import bring_forward, has_passed, remaining_s, too_late
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.executor import Executor
from seldon_runtime.identity import Identity
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.observer import CallRecord, Interceptor, Observer, SaveRecord

logger = logging.getLogger(__name__)

_HEALTH_STATUS = (
    Method.HEALTH_STATUS
)  # to look it up for each call takes a thousand instructions (Python 3.11)

Done = Callable[[Any, SeldonError | None], None]
"""Told the wire answer, or the error. Runs on the component's thread, or on the
submitting one when the call is refused at once; must not block or raise."""


class Service:
    """One component behind its executor. Thread-safe; made by the runtime, used by transports.

    Args:
        component: the loaded component.
        executor: its thread or threads, started.
        limits: what transports enforce on requests.
        metadata: the metadata document, or the error that it came to.
        error_details: whether clients are told the message of an exception in user code.
    """

    def __init__(
        self,
        component: Component,
        executor: Executor,
        *,
        limits: Limits | None = None,
        metadata: dict[str, Any] | SeldonError | None = None,
        error_details: bool = True,
    ) -> None:
        self.component = component
        self.executor = executor
        self.limits = limits or Limits()
        self.ready = False
        """Whether new work is welcome: true after load and restore, false before draining."""
        self.draining = False
        """Whether the process is about to end: transports ask clients to go elsewhere."""
        self.retiring = False
        """Whether other workers serve on at the same addresses when this process drains."""
        self.alive = True
        """Whether it can still answer calls: false when user code hangs, and only a new process helps."""
        self.degraded: dict[str, str] = {}
        """Parts that do not work as they should while calls go on, and why: ``{"state": "..."}``."""
        self._metadata = metadata if metadata is not None else {}
        self._error_details = error_details
        self._observers: Sequence[Observer] = ()
        self._proceed: Callable[[Call], Any] = component.answer
        self._health_is_fixed = component.health_is_fixed

    @property
    def identity(self) -> Identity:
        """Who the component is in its deployment."""
        return self.component.identity

    def metadata(self) -> dict[str, Any]:
        """The metadata document. Raises SeldonError (BAD_METADATA) when the component's is wrong."""
        if isinstance(self._metadata, SeldonError):
            raise self._metadata.with_traceback(None)  # or it would grow with every request
        return self._metadata

    def attach(self, observers: Sequence[Observer], interceptors: Sequence[Interceptor]) -> None:
        """Add the plugins' observers and interceptors; the first interceptor is the outermost.

        Called by the runtime, before any transport starts.
        """
        self._observers = tuple(observers)
        for interceptor in reversed(interceptors):
            self._proceed = _around(interceptor, self._proceed)

    def give_up(self, reason: str) -> None:
        """Refuse the calls that wait, and all further ones. Called by the runtime, from any thread."""
        self.alive = self.ready = False

        def refuse(call: Call) -> None:
            raise SeldonError(reason, code=ErrorCode.UNAVAILABLE)

        self._proceed = refuse
        for task in self.executor.abandon():
            task()

    def submit(self, call: Call, done: Done) -> None:
        """Queue a call and return at once; ``done`` is told the outcome exactly once.

        A health call that needs no user code is answered before this returns. That a deadline has passed
        is told when the call's turn comes, or when it ends, for a component cannot be interrupted;
        :meth:`call` and :meth:`call_async` tell it at the deadline.
        """
        call.submitted = time.perf_counter()
        timeout_s = self.limits.timeout_s
        if call.method is _HEALTH_STATUS:
            if self._health_is_fixed:
                self._run(call, done)
                return
            timeout_s = self.limits.health_timeout_s
        if timeout_s is not None:
            bring_forward(call, timeout_s)
        try:
            self.executor.submit(lambda: self._run(call, done))
        except SeldonError as error:
            self._finish(call, done, None, error, call.submitted)

    def call(self, call: Call) -> Any:
        """Submit a call and wait for its wire answer. Not for a component thread or an event loop.

        Raises:
            SeldonError: the call's error; DEADLINE_EXCEEDED at its deadline, when there is no answer by then.
        """
        outcome: list[Any] = []
        unfinished = threading.Lock()  # an event, made of locks too, takes twenty times as long
        unfinished.acquire()

        def done(answer: Any, error: SeldonError | None) -> None:
            outcome.extend((answer, error))
            unfinished.release()

        self.submit(call, done)
        left_s = remaining_s(call)
        if not unfinished.acquire(timeout=-1 if left_s is None else left_s):
            raise too_late(call)
        if outcome[1] is not None:
            raise outcome.pop()  # which nothing here may hold: its traceback holds this frame
        return outcome[0]

    async def call_async(self, call: Call) -> Any:
        """Submit a call and await its wire answer; a cancelled task cancels a call that has not started.

        Raises:
            SeldonError: the call's error; DEADLINE_EXCEEDED at its deadline, when there is no answer by then.
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
            except RuntimeError:  # the transport's loop has ended: nobody waits any more
                logger.debug("an answer came after its transport had stopped")

        self.submit(call, done)
        left_s = remaining_s(call)
        alarm = None if left_s is None else loop.call_later(left_s, lambda: settle(None, too_late(call)))
        try:
            return await future
        except asyncio.CancelledError:
            call.cancelled = True
            raise
        finally:
            if alarm is not None:
                alarm.cancel()

    def _run(self, call: Call, done: Done) -> None:
        running = RUNNING.set(call)
        started = time.perf_counter()
        answer, error = None, None
        if call.cancelled:
            error = SeldonError("the client went away before the call started", code=ErrorCode.CANCELLED)
        elif has_passed(call):
            error = too_late(call)
        else:
            try:
                answer = self._proceed(call)
                if has_passed(call):
                    answer, error = None, too_late(call)  # what the client was told
            except SeldonError as raised:
                error = raised
            except BaseException as raised:  # noqa: BLE001 - codecs and interceptors are plugins
                error = ComponentFailed("the runtime", raised)
        self._finish(call, done, answer, error, started)
        error = None  # its traceback holds this frame: only the garbage collector would free the call
        RUNNING.reset(running)

    def _finish(self, call: Call, done: Done, answer: Any, error: SeldonError | None, started: float) -> None:
        if error is not None:
            _log(call, error)
            if isinstance(error, ComponentFailed) and not self._error_details:
                error.message = f"the component failed; its log says why under request {call.request_id}"
                error.args = (error.message,)
        if self._observers:  # first: a client that has its answer finds its call counted
            self._tell(call, answer, error, started)
        try:
            done(answer, error)
        except Exception:  # a fault of the transport must not stop the component's thread
            logger.exception("transport %s failed to take an answer", call.transport)

    def _tell(self, call: Call, answer: Any, error: SeldonError | None, started: float) -> None:
        status, response_bytes = _outcome(call, answer, error)
        record = CallRecord(  # by position: keywords take three times as long
            call.method,
            call.transport,
            error,
            started - call.submitted,
            time.perf_counter() - started,
            call.request_bytes,
            response_bytes,
            call.metrics,
            call.reward,
            status,
            call.request_id,
            call.target,
            call.client,
        )
        for observer in self._observers:
            try:
                observer.call_finished(record)
            except BaseException:  # an observer cannot break a call: the client still waits for its answer
                logger.exception("observer %r failed", observer)

    def tell_saved(self, record: SaveRecord) -> None:
        """Tell observers of an attempt to save state; a failed one degrades the service until a good one."""
        if record.error is None:
            self.degraded.pop("state", None)
        else:
            self.degraded["state"] = record.error
        for observer in self._observers:
            try:
                told = getattr(observer, "state_saved", None)
                if told is not None:
                    told(record)
            except (Exception, SystemExit):  # an observer cannot break a save
                logger.exception("observer %r failed", observer)

    def change_life(self, state: str) -> None:
        """Tell observers ``loaded``, ``ready``, ``draining`` or ``stopped``. Called by the runtime."""
        for observer in self._observers:
            try:
                observer.life_changed(state)
            except (Exception, SystemExit):  # an observer cannot break the runtime
                logger.exception("observer %r failed", observer)


def _around(interceptor: Interceptor, proceed: Callable[[Call], Any]) -> Callable[[Call], Any]:
    return lambda call: interceptor.intercept(call, proceed)


def _outcome(call: Call, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
    own = getattr(call.codec, "outcome", None)
    if own is not None:
        try:
            told: tuple[int | str, int] = own(answer, error)
        except Exception:  # an interceptor may have made the answer; the transport will say what is wrong
            logger.exception("transport %s cannot measure an answer", call.transport)
        else:
            return told
    if error is not None:
        return getattr(error.code, "name", "COMPONENT_FAILED"), 0  # user code may set any code
    return "OK", len(answer) if isinstance(answer, bytes | str) else 0


def _log(call: Call, error: SeldonError) -> None:
    """Failures of the component once, with traceback and request id; faults of callers only for debugging."""
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
