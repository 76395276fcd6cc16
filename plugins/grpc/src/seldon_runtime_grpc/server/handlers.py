"""The table of RPCs, and their handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import grpc

from seldon_runtime.plugin import ErrorCode, SeldonError, request_id_from
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, GrpcStream
from seldon_runtime_grpc.server.beginner import Beginner
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.streams import Streams
from seldon_runtime_grpc.server.unary import UnaryBehavior
from seldon_runtime_grpc.status import REQUEST_ID, status_of


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of an RPC. Messages stay bytes: codecs parse them on the component's thread.

    Args:
        services: the gRPC services whose RPCs are handled.
        beginner: begins their calls.
        streams: serves their RPCs that are streams.
        gate: holds responses while the server sends GOAWAY.
        pending: bounds how many threads wait for requests.
    """

    def __init__(
        self,
        services: Sequence[GrpcService],
        beginner: Beginner,
        streams: Streams,
        gate: GoawayGate,
        pending: PendingRequests,
    ) -> None:
        self.gate = gate
        self.pending = pending
        self._beginner = beginner
        self._streams = streams
        self._refuses = False
        # Each handler takes a stream: so a refusal need not wait for the request message, and the server can
        # cancel a call whose request message has not arrived.
        self._refusal: Any = grpc.stream_unary_rpc_method_handler(self._refuse)
        self._handlers: Mapping[str, Any] = {
            target: self._handler(target, method)
            for service in services
            for name, method in service.methods.items()
            for target in [f"/{service.name}/{name}"]
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of an arriving call, or None. The server answers each call with a handler."""
        handler = self._handlers.get(handler_call_details.method)
        return self._refusal if self._refuses and handler is not None else handler

    def refuse(self) -> None:
        """Refuse every call that arrives from now on, once clients have received GOAWAY."""
        self._refuses = True
        self.end_streams()

    def hold(self) -> None:
        """Hold all responses until clients have received GOAWAY."""
        self.gate.shut()
        self.end_streams()

    def end_streams(self) -> None:
        """End the streams of calls as soon as their accepted requests are answered."""
        self._streams.end()

    def release(self) -> None:
        """Send the held responses: clients have received GOAWAY."""
        self.gate.open()

    def _handler(self, target: str, method: GrpcMethod | GrpcStream) -> Any:
        if isinstance(method, GrpcStream):
            return self._streams.handler(target, method)
        begin = partial(self._beginner.begin, target, method)
        return grpc.stream_unary_rpc_method_handler(UnaryBehavior(begin, self.pending))

    def _refuse(self, requests: object, context: grpc.ServicerContext) -> bytes:
        self.gate.wait_for_opening()
        error = SeldonError("the server is stopping", code=ErrorCode.UNAVAILABLE)
        request_id = request_id_from(_text_metadata(context).get(REQUEST_ID))
        context.abort_with_status(status_of(error, request_id))


def _text_metadata(context: grpc.ServicerContext) -> dict[str, str]:
    """Return the request's text metadata by name. gRPC's names are lower-case."""
    return {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
