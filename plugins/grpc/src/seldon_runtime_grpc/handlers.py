"""What answers each gRPC method: calls of the component from the thread that polls for grpc (``direct``), all
others on a thread of the server's pool."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from seldon_runtime.call import Call, request_id_from
from seldon_runtime.deadline import too_late
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime_grpc import direct
from seldon_runtime_grpc.arrivals import Arrivals
from seldon_runtime_grpc.codec import GrpcCodec
from seldon_runtime_grpc.deadlines import Deadlines, Waiting
from seldon_runtime_grpc.departures import Departures
from seldon_runtime_grpc.direct import Exchange
from seldon_runtime_grpc.gate import Gate
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonModelMetadata
from seldon_runtime_grpc.services import CALLS, METADATA, SERVICES
from seldon_runtime_grpc.status import REQUEST_ID, status_of

NAME = "grpc"
_NO_DEADLINE_S = 10.0 * 365 * 24 * 3600
"""grpc gives calls without a deadline one in the far future."""

Behavior = Callable[[bytes, grpc.ServicerContext], bytes]


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a method. Messages stay bytes: the codec parses them on the component's thread."""

    def __init__(
        self,
        service: Service,
        arrivals: Arrivals,
        departures: Departures,
        deadlines: Deadlines,
        *,
        tells_client: bool = False,
        holds_threads: bool = False,
    ) -> None:
        self._service = service
        self._arrivals = arrivals
        self._departures = departures
        self._deadlines = deadlines
        self._holds_threads = holds_threads or not direct.is_possible()
        self._tells_client = tells_client
        self._codec = GrpcCodec(service.limits)
        self._gate = Gate()
        self._refuses = False
        # All take a stream: who refuses a call need not wait for its message, and who answers it can be
        # woken from that wait.
        self._refusal: Any = grpc.stream_unary_rpc_method_handler(self._refuse)
        self._handlers: Mapping[str, Any] = {
            f"/{name}/{method}": grpc.stream_unary_rpc_method_handler(
                self._arrived(self._behavior(f"/{name}/{method}"))
            )
            for name, methods in SERVICES.items()
            for method in methods
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler, or None. Runs when a call arrives: whatever gets a handler here is answered."""
        handler = self._handlers.get(handler_call_details.method)
        return self._refusal if self._refuses and handler is not None else handler

    def refuse(self) -> None:
        """Refuse every call that arrives from now on, once clients have been told to leave."""
        self._refuses = True

    def hold(self) -> None:
        """Give no answer until clients have been told to leave."""
        self._gate.shut()

    def leave(self) -> None:
        """Clients have been told to leave."""
        self._gate.open()

    def _arrived(self, behavior: Behavior) -> Callable[[Iterator[bytes], grpc.ServicerContext], bytes]:
        """``behavior`` once the message is there."""

        def arrived(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            try:
                request: bytes = self._arrivals.next(messages, context)
            except StopIteration:
                context.abort_with_status(status_of(_no_message(), _request_id(context)))
            try:
                return behavior(request, context)
            finally:
                self._gate.go_through()

        if begin := getattr(behavior, "begin", None):
            arrived.begin = begin  # type: ignore[attr-defined]  # see the module ``direct``
        return arrived

    def _behavior(self, target: str) -> Behavior:
        method = target.rpartition("/")[2]
        if method in CALLS:
            return self._call(CALLS[method], target)
        return self._metadata if method in METADATA else self._not_of_one_component

    def _call(self, method: Method, target: str) -> Behavior:
        def call_of(request: bytes, context: grpc.ServicerContext) -> Call:
            metadata = _texts(context)
            call = Call(  # by position: keywords take three times as long
                method,
                request,
                self._codec,
                NAME,
                request_id_from(metadata.get(REQUEST_ID)),
                metadata,
                _deadline(context),
                len(request),
                target,
                context.peer() if self._tells_client else None,  # other threads take turns meanwhile
            )
            if not context.add_callback(partial(setattr, call, "cancelled", True)):
                call.cancelled = True
            return call

        def behavior(request: bytes, context: grpc.ServicerContext) -> bytes:
            call = call_of(request, context)
            try:
                answer: bytes = self._service.call(call)
            except SeldonError as error:
                context.abort_with_status(status_of(error, call.request_id))
            self._departures.watch(context, len(answer))
            return answer

        def begin(request: bytes | None, exchange: Exchange) -> None:
            context = exchange.context
            if request is None:
                exchange.refuse(status_of(_no_message(), _request_id(context)))
                return
            call = call_of(request, context)

            def late() -> None:
                exchange.refuse(status_of(too_late(call), call.request_id))

            waiting: Waiting = [late]

            def done(answer: bytes, error: SeldonError | None) -> None:
                try:
                    waiting.pop()
                except IndexError:  # its client has been told that it is late
                    return
                if self._gate.is_open:
                    self._send(exchange, call, answer, error)
                else:
                    self._gate.keep(partial(self._send, exchange, call, answer, error))

            self._service.submit(call, done)
            if call.deadline is not None and waiting:
                self._deadlines.watch(call.deadline, waiting)

        if not self._holds_threads:
            behavior.begin = begin  # type: ignore[attr-defined]
        return behavior

    def _send(self, exchange: Exchange, call: Call, answer: bytes, error: SeldonError | None) -> None:
        if error is not None:
            exchange.refuse(status_of(error, call.request_id))
            return
        self._departures.watch(exchange.context, len(answer))
        exchange.answer(answer)

    def _refuse(self, requests: object, context: grpc.ServicerContext) -> bytes:
        self._gate.wait_for_opening()
        error = SeldonError("the server is stopping", code=ErrorCode.UNAVAILABLE)
        context.abort_with_status(status_of(error, _request_id(context)))

    def _metadata(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        """The component's metadata; what the request names is not looked at."""
        try:
            document = self._service.metadata()
        except SeldonError as error:
            context.abort_with_status(status_of(error, _request_id(context)))
        answer = ParseDict(document, SeldonModelMetadata(), ignore_unknown_fields=True, descriptor_pool=POOL)
        return answer.SerializeToString()

    def _not_of_one_component(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        error = SeldonError("this is one component, not a graph", code=ErrorCode.NOT_IMPLEMENTED)
        context.abort_with_status(status_of(error, _request_id(context)))


def _no_message() -> SeldonError:
    return SeldonError("the call has no message, expected one")


def _request_id(context: grpc.ServicerContext) -> str | None:
    return request_id_from(_texts(context).get(REQUEST_ID))


def _texts(context: grpc.ServicerContext) -> dict[str, str]:
    """The metadata that are text; names are lower-case already."""
    return {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}


def _deadline(context: grpc.ServicerContext) -> float | None:
    remaining = context.time_remaining()
    if remaining > _NO_DEADLINE_S:
        return None
    return time.monotonic() + remaining
