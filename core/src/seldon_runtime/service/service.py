"""The service: the interface of the runtime to transports, which submit calls and read its state."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from seldon_runtime.errors import ComponentFailed, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.deadline import bring_forward, forget_place
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.memory import UNCOUNTED_BYTES, HeldMemory, MemoryBudget, length_of
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.owners import place_of
from seldon_runtime.inference.status import ServiceStatus
from seldon_runtime.service.done import BoundedDone, Done, awaited, leave_child, log_error, measure
from seldon_runtime.service.interceptor import Interceptor, Interceptors
from seldon_runtime.service.observer import Observer, Observers, SaveRecord
from seldon_runtime.service.timers import Timers
from seldon_runtime.service.unit import Unit, require_other_thread

logger = logging.getLogger(__name__)

_SHARES = 8  # a request that surely takes less than this part of the limit is not estimated further
_HEALTH_STATUS = Method.HEALTH_STATUS  # looking up a member of an Enum takes a thousand instructions (3.11)


class Service(ServiceStatus, ABC):
    """The components of a process behind one entrance. Thread-safe.

    A plugin may return its own service from the hook ``seldon_service``, such as a graph of components. A
    subclass queues and runs calls in :meth:`accept`, and calls :meth:`finish` at the end of each. This class
    handles admission, deadlines, logs and observers.

    Args:
        units: the components; the service has the identity of the first.
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
        super().__init__()
        self.units = tuple(units)
        self.limits = limits or Limits()
        self.memory = MemoryBudget()
        """The memory of all requests together. The runtime sets it before transports start."""
        self.immediate: frozenset[Method] = frozenset()
        """The methods that run no user code: :meth:`run` answers them on the submitting thread."""
        self.timers = Timers()
        self._metadata = metadata if metadata is not None else {}
        self._error_details = error_details
        self._observers = Observers()
        self._interceptors = Interceptors()
        self._is_guarded = self._sees_starts = self._sees_ends = self.sees_items = False
        self._on_failure: Callable[[], None] = lambda: None
        self._unit_name = self.identity.unit
        self.end: Callable[[Call, Done, Any, SeldonError | None, float], None] = self.finish
        """Ends a call that ran: :meth:`finish`, or in a child that user code forked the end of the child."""
        for unit in self.units:
            unit.executor.when_forked(partial(setattr, self, "end", leave_child))

    @property
    def _root(self) -> Unit:
        return self.units[0]

    @property
    def identity(self) -> Identity:
        """The deployment's names for the component, or for the root of a graph."""
        return self._root.identity

    @property
    def service_type(self) -> ServiceType:
        """The kind of the component in its graph."""
        return self._root.service_type

    @property
    def class_name(self) -> str:
        """The name of the user's class, for documents and messages."""
        return self._root.class_name

    @property
    def user(self) -> object | None:
        """The instance of the user's class; None for a predictor without one."""
        return self._root.user

    @property
    def methods(self) -> frozenset[Method]:
        """The methods that the component defines."""
        return self._root.predictor.methods

    @property
    def queue_size(self) -> int:
        """The number of calls that may wait."""
        return self._root.executor.queue_size

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a component's thread at this moment."""
        return sum(unit.executor.waiting for unit in self.units)

    def metadata(self) -> Mapping[str, Any]:
        """Return the metadata document; raise SeldonError (BAD_METADATA) if the component's is invalid."""
        if isinstance(self._metadata, SeldonError):
            raise self._metadata.with_traceback(None)  # the traceback would grow with every request
        return self._metadata

    # for the runtime, before any transport starts

    def attach(
        self,
        observers: Sequence[Observer] = (),
        interceptors: Sequence[Interceptor] = (),
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        """Add the plugins' observers and interceptors; the first interceptor is the outermost."""
        self._observers = Observers(observers)
        self._interceptors = Interceptors(interceptors)
        self._is_guarded, self._sees_starts = bool(interceptors), bool(self._observers.of_starts)
        self._sees_ends = self._is_guarded or bool(self._observers.of_ends)
        self.sees_items = bool(self._observers.of_items)
        self._on_failure = on_failure or (lambda: None)

    # for transports

    def submit(self, call: Call, done: Done) -> None:
        """Admit and queue a call, and return at once; ``done`` receives its outcome exactly once.

        The interceptors' ``admit`` runs on the calling thread. Metadata, and health that needs no user code,
        are answered before the method returns. At the call's deadline ``done`` receives DEADLINE_EXCEEDED,
        whether the call waits or runs. Only an ``await`` is interrupted; another late answer is dropped.
        """
        call.submitted = time.perf_counter()
        try:
            if self._is_guarded:
                self._interceptors.admit(call)
            size = call.request_bytes or length_of(call.wire)
            if size > UNCOUNTED_BYTES and call.memory is None:
                call.memory = self.memory.for_body(size)
            if call.method in self.immediate:
                self.run(call, done)
                return
            is_health = call.method is _HEALTH_STATUS
            timeout_s = self.limits.health_timeout_s if is_health else self.limits.timeout_s
            if timeout_s is not None:
                bring_forward(call, timeout_s)
            if call.deadline is not None:
                done = BoundedDone(self.timers, call, done)
            self.accept(call, done)
        except SeldonError as error:
            self.finish(call, done, None, error, call.submitted)
            del error  # its traceback refers to this frame: only the garbage collector would free the call
        except BaseException as raised:  # noqa: BLE001 - a plugin's own service; the client still waits
            self.finish(call, done, None, PluginFailed(place_of(self, "accept"), raised), call.submitted)

    def call(self, call: Call) -> Any:
        """Submit a call and wait for its wire answer. Not for a component thread or an event loop.

        Raises:
            SeldonError: the call's error.
            RuntimeError: the method was called on a component's thread, which would wait for itself.
        """
        self._require_other_thread(call)
        outcome: list[Any] = []
        unfinished = threading.Lock()  # an Event takes twenty times as long
        unfinished.acquire()

        def done(answer: Any, error: SeldonError | None) -> None:
            outcome.extend((answer, error))
            unfinished.release()

        self.submit(call, done)
        unfinished.acquire()
        if outcome[1] is not None:
            raise outcome.pop()  # no local name may refer to it: its traceback refers to this frame
        return outcome[0]

    async def call_async(self, call: Call) -> Any:
        """Submit a call and await its wire answer. Cancelling the task cancels the call.

        Raises:
            SeldonError: the call's error.
        """
        self._require_other_thread(call)
        try:
            return await awaited(partial(self.submit, call))
        except asyncio.CancelledError:
            call.cancel()
            raise

    def _require_other_thread(self, call: Call) -> None:
        if call.method not in self.immediate:
            require_other_thread(self.units, f"a call of {call.method.value}")

    def fail(self, reason: str) -> None:
        """End the process with status 1 after a drain, because the transport cannot continue. Any thread."""
        logger.critical("the process has to end: %s", reason)
        self.failure = self.failure or reason
        self.ready = False
        self._on_failure()

    # for subclasses

    @abstractmethod
    def accept(self, call: Call, done: Done) -> None:
        """Queue an admitted call. Runs on the submitting thread; never blocks.

        Raises:
            SeldonError: OVERLOADED or UNAVAILABLE. The subclass must not call ``done`` then.
        """

    @abstractmethod
    def run(self, call: Call, done: Done) -> None:
        """Run a call on the calling thread, and :meth:`finish` it. Must not raise."""

    @abstractmethod
    def give_up(self, reason: str) -> None:
        """Refuse all waiting and further calls. The runtime calls it, on any thread."""

    def reserve(self, call: Call) -> HeldMemory | None:
        """Return the memory that reading a call takes, to keep until it is answered; None for a small one.

        Raises:
            SeldonError: TOO_LARGE beyond ``Limits.max_request_memory``; OVERLOADED beyond the budget.
        """
        size = length_of(call.wire)
        if size <= UNCOUNTED_BYTES:
            return None
        estimate = size * call.codec.memory_times
        limit = min(self.limits.max_request_memory, self.memory.limit_bytes)
        if estimate * _SHARES > limit:  # else an estimate costs more than it saves
            estimate = call.codec.memory(call.method, call.wire)
        self.limits.check_memory(size + estimate)
        return self.memory.for_reading(estimate, call.memory)

    def started(self, call: Call) -> None:
        """Notify observers that a call is about to run, in its context, on the component's thread."""
        if self._sees_starts:
            self._observers.call_started(call)

    def item_made(self, call: Call, number: int, since_s: float) -> None:
        """Notify observers of an item of a stream."""
        self._observers.item_made(call, number, since_s)

    def finish(self, call: Call, done: Done, answer: Any, error: SeldonError | None, started: float) -> None:
        """End a call: log its error, notify interceptors and observers, then hand over the outcome.

        Args:
            call: a call that is not finished yet.
            done: the function that ``accept`` or ``run`` received with the call.
            answer: the wire answer, or None.
            error: the call's error, or None.
            started: the time at which the call began to run, or was refused (``time.perf_counter``).
        """
        try:
            if error is not None or self._sees_ends or call.on_end is not None:
                self.settle(call, answer, error, started)
        finally:
            try:
                done(answer, error)
            except BaseException:  # a fault of the transport must not stop the component's thread
                logger.exception("transport %s failed to accept an answer", call.transport)
            call.origin = None
            if call.waits_for is not None:
                forget_place(call)

    def settle(self, call: Call, answer: Any, error: SeldonError | None, started: float) -> None:
        """Log and notify like :meth:`finish`, without passing the outcome to the transport."""
        if error is not None:
            log_error(call, error)
            is_secret = isinstance(error, PluginFailed) or not self._error_details
            if is_secret and isinstance(error, ComponentFailed):
                error.conceal(call.identify())
        if call.admitted:
            self._interceptors.finished(call, error)
        if self._observers.of_ends or call.on_end is not None:  # before the client has its answer
            status, response_bytes = measure(call, answer, error)
            waited_s, ran_s = started - call.submitted, time.perf_counter() - started
            # by position: keywords take three times as long
            outcome = Outcome(error, status, waited_s, ran_s, response_bytes, self._unit_name)
            self._observers.call_finished(call, outcome)

    def state_saved(self, record: SaveRecord) -> None:
        """Notify observers of an attempt to save state; a failed one degrades the service."""
        self.set_degraded("state", record.error)
        self._observers.state_saved(record)
