"""Calls that hold no thread while they wait: for their message, and for the component.

grpc's thread-based server has a thread of its pool wait for each call's message, and then for its answer: two
threads more are woken than the one that polls and the component's. Here the polling thread asks for the
message when the call arrives, and submits the call when that has come; the component's thread answers it.

This stands on the inside of ``grpc._server``, which has been the same for years. Where a release of grpc has
it otherwise (:func:`is_possible`), all calls wait in threads.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import grpc
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from seldon_runtime_grpc.arrivals import Arrivals
from seldon_runtime_grpc.status import Status
from seldon_runtime_grpc.threads import SUBMITTED, Submitted, Threads

logger = logging.getLogger(__name__)

_PARAMETERS = {
    "_Context": ["rpc_event", "state", "request_deserializer"],
    "_RPCState": [],
    "_is_rpc_state_active": ["state"],
    "_possibly_finish_call": ["state", "token"],
    "_status": ["rpc_event", "state", "serialized_response"],
    "_unary_response_in_pool": [
        *("rpc_event", "state", "behavior", "argument_thunk"),
        *("request_deserializer", "response_serializer"),
    ],
}
"""What is used, and what it takes."""
_STATE = {"callbacks", "client", "code", "condition", "details", "due", "trailing_metadata"}


def is_possible() -> bool:
    """Whether grpc is built as is needed here."""
    try:
        for name, parameters in _PARAMETERS.items():
            if list(inspect.signature(getattr(_server, name)).parameters) != parameters:
                return False
        constants = (_server._OPEN, _server._CLOSED, _server._RECEIVE_MESSAGE_TOKEN)
        state: Any = _server._RPCState
        return None not in constants and vars(state()).keys() >= _STATE
    except (AttributeError, TypeError, ValueError):
        return False


class Exchange:
    """One call of one message and one answer: whatever is sent first, and nothing after it.

    Args:
        event: grpc's, of the call's arrival.
        state: what grpc keeps of the call.
        begin: called when the message has come, on the thread that polls; None when there is none. It may
            not block; :meth:`answer` or :meth:`refuse` may be called meanwhile or later, by any thread.
        arrivals: bounds how many calls wait for their message.
    """

    __slots__ = ("_arrivals", "_begin", "_event", "_state", "_unanswered", "context")

    def __init__(self, event: Any, state: Any, begin: Begin, arrivals: Arrivals) -> None:
        self._event = event
        self._state = state
        self._begin = begin
        self._arrivals = arrivals
        # Who takes it out answers; a lock would cost several times as much.
        self._unanswered: list[None] = [None]
        self.context: grpc.ServicerContext = _server._Context(event, state, None)

    def receive(self) -> None:
        """Ask for the message. Never blocks."""
        self._arrivals.add(self.context)
        with self._state.condition:
            operation = cygrpc.ReceiveMessageOperation(0)
            self._event.call.start_server_batch((operation,), self._received)
            self._state.due.add(_server._RECEIVE_MESSAGE_TOKEN)

    def _received(self, event: Any) -> Any:
        """What grpc has the polling thread call."""
        self._arrivals.remove(self.context)
        message: bytes | None = event.batch_operations[0].message()
        state = self._state
        with state.condition:
            if message is None and state.client is _server._OPEN:
                state.client = _server._CLOSED
            ended = _server._possibly_finish_call(state, _server._RECEIVE_MESSAGE_TOKEN)
            is_wanted = _server._is_rpc_state_active(state)
        if is_wanted:
            try:
                self._begin(message, self)
            except Exception:  # a fault of the runtime: grpc's thread must go on
                logger.exception("a call could not be begun")
                self.refuse(Status(grpc.StatusCode.INTERNAL, "the runtime failed"))
        return ended

    def answer(self, message: bytes) -> None:
        """Send the answer. Never blocks."""
        if self._is_first():
            _server._status(self._event, self._state, message)

    def refuse(self, status: Status) -> None:
        """Send an error instead. Never blocks."""
        if not self._is_first():
            return
        self.context.set_trailing_metadata(status.trailing_metadata)
        self.context.set_code(status.code)
        self.context.set_details(status.details)
        _server._status(self._event, self._state, None)

    def _is_first(self) -> bool:
        try:
            self._unanswered.pop()
        except IndexError:
            return False
        return True


Begin = Callable[[bytes | None, Exchange], None]


class Pool:
    """What grpc submits calls to: those whose behavior has a ``begin`` get no thread.

    Args:
        threads: for the others.
        arrivals: bounds how many calls wait for their message.
    """

    def __init__(self, threads: Threads, arrivals: Arrivals) -> None:
        self._threads = threads
        self._arrivals = arrivals

    def submit(self, run: Any, function: Any, *arguments: Any) -> Submitted:
        """Never blocks. Raises RuntimeError as :meth:`Threads.submit`."""
        event, state, behavior = arguments[:3]
        begin: Begin | None = getattr(behavior, "begin", None)
        if begin is None:
            return self._threads.submit(run, function, *arguments)
        exchange = Exchange(event, state, begin, self._arrivals)
        try:
            exchange.receive()
        except Exception:  # as in :meth:`Exchange._received`
            logger.exception("a call's message cannot be asked for")
            exchange.context.cancel()
        return SUBMITTED
