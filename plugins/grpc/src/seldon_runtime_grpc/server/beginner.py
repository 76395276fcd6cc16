"""The beginning of calls: the context of a request, its call, and the message of the answer."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any

import grpc

from seldon_runtime.plugin import Call, SeldonError, Service, request_id_from
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate
from seldon_runtime_grpc.extension import GrpcMethod, RequestContext
from seldon_runtime_grpc.server.exchange import Exchange
from seldon_runtime_grpc.server.request_headers import joined
from seldon_runtime_grpc.server.response_timeout import WATCHED_BYTES, ResponseTimeout
from seldon_runtime_grpc.status import REQUEST_ID, Status, status_of, trailing_metadata

logger = logging.getLogger(__name__)

_NO_DEADLINE_S = 10.0 * 365 * 24 * 3600
"""A longer remaining time means "no deadline": grpcio then reports one in the far future."""
FAILED = Status(grpc.StatusCode.INTERNAL, "the runtime failed")


class Cancellation(partial[None]):
    """The callback that cancels a call whose client has disconnected.

    It also names the client, for those who look at grpcio's open calls.
    """

    __slots__ = ("context",)

    context: grpc.ServicerContext


def context_of(target: str, context: grpc.ServicerContext) -> RequestContext:
    """Return the context of a request, or of the requests of a stream, from grpcio's own."""
    metadata = context.invocation_metadata()
    headers = {k: v for k, v in metadata if isinstance(v, str)}
    request_id = request_id_from(headers[REQUEST_ID]) if REQUEST_ID in headers else None
    if len(headers) != len(metadata):
        headers = joined(metadata)
    remaining_s = context.time_remaining()
    deadline = None if remaining_s > _NO_DEADLINE_S else time.monotonic() + remaining_s
    return RequestContext(target, headers, request_id, deadline, context.peer)


class Beginner:
    """Begins the calls of all RPCs with one request and one answer.

    Args:
        service: answers the calls.
        gate: holds responses while the server sends GOAWAY.
        response_timeout: bounds the time in which a client must read a large answer.
    """

    def __init__(self, service: Service, gate: GoawayGate, response_timeout: ResponseTimeout) -> None:
        self._service = service
        self._gate = gate
        self._response_timeout = response_timeout

    def begin(self, target: str, method: GrpcMethod, request: bytes | None, exchange: Exchange) -> None:
        """Make the call of an RPC's request and submit it to the service. Never blocks, never raises."""
        request_id = None
        try:
            grpc_context = exchange.context
            context = context_of(target, grpc_context)
            request_id = context.request_id
            if request is None:
                raise SeldonError("the call has no message, expected one")
            call = method.begin(request, context)
            if isinstance(call, bytes):
                self._deliver(partial(exchange.answer, call))
                return
            cancellation = Cancellation(call.cancel)
            cancellation.context = grpc_context
            if not grpc_context.add_callback(cancellation):
                call.cancel()
            self._service.submit(call, partial(self._done, exchange, call))
        except SeldonError as error:
            self._deliver(partial(exchange.refuse, status_of(error, request_id)))
        except BaseException:
            logger.exception("cannot start a call of %s", target)
            self._deliver(partial(exchange.refuse, FAILED))

    def _done(self, exchange: Exchange, call: Call, answer: Any, error: SeldonError | None) -> None:
        """Send the outcome, or hold it while the server sends GOAWAY. Runs on any thread."""
        if not self._gate.is_open:
            self._gate.keep(partial(self._done, exchange, call, answer, error))
            return
        try:
            if error is not None:
                exchange.refuse(status_of(error, call.request_id, call.response_headers))
                return
            message = message_of(call, answer)
            if len(message) >= WATCHED_BYTES:
                self._response_timeout.watch(exchange.context, len(message))
            if call.response_headers:
                exchange.answer(message, trailing_metadata(call.response_headers))
            else:
                exchange.answer(message)
        except BaseException:
            logger.exception("cannot send the answer of %s, request %s", call.target, call.identify())
            exchange.refuse(FAILED)

    def _deliver(self, send: partial[None]) -> None:
        if self._gate.is_open:
            send()
        else:
            self._gate.keep(send)


def message_of(call: Call, answer: Any) -> bytes:
    """Return the serialized message of a wire answer."""
    message: object = answer if type(answer) is bytes else call.codec.body(answer)
    if not isinstance(message, bytes):
        raise TypeError(f"the body of an answer is {type(message).__name__}, expected bytes")
    return message
