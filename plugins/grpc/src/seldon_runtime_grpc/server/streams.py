"""RPCs with a stream of requests and a stream of answers: each request is a call, one after another.

A stream holds a thread of the pool while it is open, so there is a limit, beyond which the server refuses
streams. Those that wait for a request count as pending requests: beyond their own limit, the server cancels
the stream that has waited longest.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any

import grpc

from seldon_runtime.plugin import Call, ErrorCode, OpenStream, SeldonError, Service
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate
from seldon_runtime_grpc.extension import GrpcStream, RequestContext
from seldon_runtime_grpc.server.beginner import FAILED, Cancellation, context_of, message_of
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.response_timeout import ResponseTimeout
from seldon_runtime_grpc.status import status_of

logger = logging.getLogger(__name__)

_Outcomes = SimpleQueue[tuple[Any, SeldonError | None]]


class Streams:
    """The open streams of a server.

    Args:
        service: answers the calls.
        gate: holds responses while the server sends GOAWAY.
        pending: bounds how many streams wait for a request.
        response_timeout: bounds the time in which a client must read a large answer.
        most: how many streams may be open.
    """

    def __init__(
        self,
        service: Service,
        gate: GoawayGate,
        pending: PendingRequests,
        response_timeout: ResponseTimeout,
        most: int,
    ) -> None:
        self._service = service
        self._gate = gate
        self._pending = pending
        self._response_timeout = response_timeout
        self._places = threading.BoundedSemaphore(most)
        self._refusal = (
            f"{most} streams are open, and no more may be (--grpc-max-streams, SELDON_GRPC_MAX_STREAMS): "
            "try again when one has ended"
        )
        self._waiting: set[grpc.ServicerContext] = set()
        self._ends = False

    def handler(self, target: str, method: GrpcStream) -> Any:
        """Return grpcio's handler of an RPC."""
        return grpc.stream_stream_rpc_method_handler(partial(self._serve, target, method))

    def end(self) -> None:
        """Cancel the streams that wait for a request; the others end after the answer to theirs."""
        self._ends = True
        for context in tuple(self._waiting):
            context.cancel()

    def _serve(
        self, target: str, method: GrpcStream, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Yield the messages of all answers. grpcio takes the next when it has sent the one before."""
        if not self._places.acquire(blocking=False):
            refusal = SeldonError(self._refusal, code=ErrorCode.OVERLOADED)
            context.abort_with_status(status_of(refusal, context_of(target, context).request_id))
        try:
            yield from self._served(target, method, requests, context)
        finally:
            self._places.release()

    def _served(
        self, target: str, method: GrpcStream, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        stream = _Stream()
        cancellation = Cancellation(stream.cancel)
        cancellation.context = context
        if not context.add_callback(cancellation):
            return
        while (request := self._next(requests, context)) is not None:
            for message in self._answers(method, request, context_of(target, context), stream, context):
                if not self._gate.is_open:
                    self._gate.wait_for_opening()
                with self._response_timeout.sending(context, len(message)):
                    yield message
            if method.has_one_request:
                return

    def _next(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes | None:
        """Return the next request; None at the end. Blocks."""
        self._waiting.add(context)
        try:
            if self._ends:
                error = SeldonError("the server is stopping", code=ErrorCode.UNAVAILABLE)
                context.abort_with_status(status_of(error, None))
            request: bytes = self._pending.next(requests, context)
        except StopIteration:
            return None
        finally:
            self._waiting.discard(context)
        return request

    def _answers(
        self,
        method: GrpcStream,
        request: bytes,
        request_context: RequestContext,
        stream: _Stream,
        context: grpc.ServicerContext,
    ) -> Iterator[bytes]:
        """Yield the messages that answer one request. Blocks while the component works."""
        call: Call | None = None
        try:
            begun = method.begin(request, request_context)
            if isinstance(begun, bytes):
                yield begun
                return
            call = begun
            call.accepts_stream = True
            stream.begin(call)
            outcomes: _Outcomes = SimpleQueue()
            self._service.submit(call, _putting(outcomes))
            yield from self._messages(method, call, outcomes, stream)
        except SeldonError as error:
            if method.fail is None:
                request_id = request_context.request_id if call is None else call.request_id
                headers = None if call is None else call.response_headers
                context.abort_with_status(status_of(error, request_id, headers))
            else:
                yield method.fail(error, call)
        except Exception:
            logger.exception("cannot answer a request of the stream %s", request_context.target)
            context.abort_with_status(FAILED)
        finally:
            stream.end()

    def _messages(
        self, method: GrpcStream, call: Call, outcomes: _Outcomes, stream: _Stream
    ) -> Iterator[bytes]:
        answer = _taken(outcomes)
        if not isinstance(answer, OpenStream):
            yield message_of(call, answer)
            return
        stream.open(answer)
        while True:
            answer.pull(_putting(outcomes))
            item = _taken(outcomes)
            if item is None:
                break
            yield message_of(call, item)
        last = method.end(call) if method.end is not None else None
        if last is not None:
            yield last


class _Stream:
    """The call that a stream is busy with, for its cancellation."""

    def __init__(self) -> None:
        self._is_cancelled = False
        self._call: Call | None = None
        self._open: OpenStream | None = None

    def begin(self, call: Call) -> None:
        self._call = call
        if self._is_cancelled:
            call.cancel()

    def open(self, answers: OpenStream) -> None:
        self._open = answers
        if self._is_cancelled:
            answers.close()

    def end(self) -> None:
        self._call = self._open = None

    def cancel(self) -> None:
        """Cancel what goes on. grpcio calls it when the client has disconnected, and when the RPC is over."""
        self._is_cancelled = True
        call, answers = self._call, self._open
        if call is not None:
            call.cancel()
        if answers is not None:
            answers.close()


def _putting(outcomes: _Outcomes) -> Any:
    return lambda answer, error: outcomes.put((answer, error))


def _taken(outcomes: _Outcomes) -> Any:
    """Return the next outcome. Blocks; raises SeldonError for an error."""
    answer, error = outcomes.get()
    if error is not None:
        raise error
    return answer
