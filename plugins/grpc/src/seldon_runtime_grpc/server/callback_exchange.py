"""The exchange by grpcio's callbacks: a call holds no thread while it waits.

With grpcio's public interface, a thread of its pool waits for each request, and then for the answer: two
more thread switches for each call. Here the serving thread asks for the request when the call arrives, and
begins the call when it has come; the component's thread sends the answer.

This uses the inside of ``grpc._server``, which has been the same for years. :func:`is_supported` checks it at
the start; where a release of grpcio differs, all calls use :class:`.ThreadExchange`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import Any

import grpc
from grpc import _server
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from seldon_runtime_grpc.server.exchange import Exchange
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.thread_pool import SUBMITTED, Submitted, ThreadPool
from seldon_runtime_grpc.server.unary import Begin, UnaryBehavior
from seldon_runtime_grpc.status import Status

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
"""The functions and classes in use, and their parameters."""
_STATE = {"callbacks", "client", "code", "condition", "details", "due", "trailing_metadata"}


def is_supported() -> bool:
    """Return whether the installed grpcio has the parts that this module uses, as it uses them."""
    try:
        for name, parameters in _PARAMETERS.items():
            if list(inspect.signature(getattr(_server, name)).parameters) != parameters:
                return False
        constants = (_server._OPEN, _server._CLOSED, _server._RECEIVE_MESSAGE_TOKEN)
        state: Any = _server._RPCState
        return None not in constants and vars(state()).keys() >= _STATE
    except (AttributeError, TypeError, ValueError):
        return False


class CallbackExchange(Exchange):
    """An exchange whose call holds no thread.

    Args:
        event: grpcio's event of the call's arrival.
        state: grpcio's state of the call.
        begin: receives the request, on the serving thread.
        pending: bounds how many calls wait for their requests.
    """

    __slots__ = ("_begin", "_event", "_pending", "_state", "_unanswered", "context")

    def __init__(self, event: Any, state: Any, begin: Begin, pending: PendingRequests) -> None:
        self._event = event
        self._state = state
        self._begin = begin
        self._pending = pending
        # The thread that pops the item answers; a lock would cost several times as much.
        self._unanswered: list[None] = [None]
        self.context: grpc.ServicerContext = _server._Context(event, state, None)

    def receive(self) -> None:
        """Ask for the request. Never blocks."""
        self._pending.add(self.context)
        with self._state.condition:
            operation = cygrpc.ReceiveMessageOperation(0)
            self._event.call.start_server_batch((operation,), self._received)
            self._state.due.add(_server._RECEIVE_MESSAGE_TOKEN)

    def _received(self, event: Any) -> Any:
        """Begin the call. grpcio's serving thread calls it when the request has come."""
        self._pending.remove(self.context)
        request: bytes | None = event.batch_operations[0].message()
        state = self._state
        with state.condition:
            if request is None and state.client is _server._OPEN:
                state.client = _server._CLOSED
            ended = _server._possibly_finish_call(state, _server._RECEIVE_MESSAGE_TOKEN)
            is_active = _server._is_rpc_state_active(state)
        if is_active:
            self._begin(request, self)
        return ended

    def answer(self, message: bytes, trailing_metadata: Sequence[tuple[str, str]] = ()) -> None:
        """Send the answer from this thread."""
        if self._is_first():
            if trailing_metadata:
                self.context.set_trailing_metadata(tuple(trailing_metadata))
            _server._status(self._event, self._state, message)

    def refuse(self, status: Status) -> None:
        """Send the error from this thread."""
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


class CallPool:
    """The pool that grpcio submits calls to: unary calls of this server get no thread.

    Args:
        threads: run all other calls.
        pending: bounds how many calls wait for their requests.
    """

    def __init__(self, threads: ThreadPool, pending: PendingRequests) -> None:
        self._threads = threads
        self._pending = pending

    def submit(self, run: Any, function: Any, *arguments: Any) -> Submitted:
        """Start a call. Never blocks. Raises RuntimeError as :meth:`ThreadPool.submit` does."""
        event, state, behavior = arguments[:3]
        if not isinstance(behavior, UnaryBehavior):
            return self._threads.submit(run, function, *arguments)
        exchange = CallbackExchange(event, state, behavior.begin, self._pending)
        try:
            exchange.receive()
        except Exception:  # a fault of the runtime: the serving thread must go on
            logger.exception("the request of a call cannot be received")
            exchange.context.cancel()
        return SUBMITTED
