"""``grpc.health.v1`` and reflection: answered by threads of their own, whatever the component does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from seldon_runtime.service import Service
from seldon_runtime_grpc.arrivals import Arrivals
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.services import SERVICES

_THREADS = 64
_ARRIVING = 32
"""Of these threads, those that may wait for a client's message."""
_LOOK_EVERY_S = 0.02
_LOOK_LATER_S = 0.5
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
STATE = "state"
"""Not serving while the component's state cannot be kept, though calls go on: what REST calls degraded."""
LIVE = "live"
"""Serving until a call hangs: what REST calls live."""
_NAMES = ("", *SERVICES, STATE, LIVE)
"""All others have one health; the empty name is the whole server's."""


class Probes:
    """Adds both services to a server. Health is SERVING from readiness to draining, that of ``state``
    only while it can be kept, and that of ``live`` also before and after."""

    def __init__(self, service: Service, server: grpc.Server) -> None:
        self._service = service
        self._threads = ThreadPoolExecutor(_THREADS, "grpc-probes")
        self._arrivals = Arrivals(_ARRIVING)
        self._ended = threading.Event()
        self._changing = threading.Lock()
        self._streams: set[grpc.ServicerContext] = set()
        self._health = health.HealthServicer()
        self._told: dict[str, Any] = {}
        self._tell()
        server.add_generic_rpc_handlers((self._health_handlers(), self._reflection_handlers()))

    def start(self) -> None:
        """Follow the service's readiness and degraded parts; those who watch are told."""
        threading.Thread(target=self._follow, name="grpc-health", daemon=True).start()

    def drain(self) -> None:
        """Not serving any more, whatever the service says; those who watch are told."""
        with self._changing:
            self._ended.set()
            self._tell()

    def end_streams(self) -> None:
        """End those that clients keep open."""
        for context in tuple(self._streams):
            context.cancel()

    def stop(self) -> None:
        """End all streams, and the threads."""
        self.end_streams()
        self._threads.shutdown(wait=False)

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_LATER_S if self._told[""] == _SERVING else _LOOK_EVERY_S):
            with self._changing:
                self._tell()

    def _tell(self) -> None:
        for name, status in self._statuses().items():
            if self._told.get(name) != status:
                self._told[name] = status
                self._health.set(name, status)

    def _statuses(self) -> dict[str, Any]:
        serves = self._service.ready and not self._ended.is_set()
        statuses = dict.fromkeys(_NAMES, _SERVING if serves else _NOT_SERVING)
        if STATE in self._service.degraded:
            statuses[STATE] = _NOT_SERVING
        statuses[LIVE] = _SERVING if self._service.alive else _NOT_SERVING
        return statuses

    def _check(self, request: Any, context: grpc.ServicerContext) -> Any:
        status = self._statuses().get(request.service)
        if status is None:
            known = ", ".join(_NAMES[1:])
            context.abort(
                grpc.StatusCode.NOT_FOUND, f"no service {request.service!r:.100} is served; served: {known}"
            )
        return health_pb2.HealthCheckResponse(status=status)

    def _health_handlers(self) -> Any:
        coding: dict[str, Any] = {"response_serializer": health_pb2.HealthCheckResponse.SerializeToString}
        handlers: dict[str, Any] = {
            "Check": grpc.stream_unary_rpc_method_handler(self._apart(self._first(self._check)), **coding),
            "Watch": grpc.stream_stream_rpc_method_handler(
                self._apart(self._first(self._health.Watch), non_blocking=True), **coding
            ),
        }
        return grpc.method_handlers_generic_handler(health.SERVICE_NAME, handlers)

    def _reflection_handlers(self) -> Any:
        """Health is described but not listed: the protocol's reference lists its own services only."""
        for source in (health_pb2, reflection_pb2):
            POOL.AddSerializedFile(source.DESCRIPTOR.serialized_pb)
        servicer = reflection.ReflectionServicer([*SERVICES, reflection.SERVICE_NAME], POOL)

        def describe(messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[Any]:
            kind = reflection_pb2.ServerReflectionRequest
            requests = (_parsed(kind, message, context) for message in self._arrivals.each(messages, context))
            for response in servicer.ServerReflectionInfo(requests, context):
                response.ClearField("original_request")  # as older releases answer
                yield response

        handler: Any = grpc.stream_stream_rpc_method_handler(
            self._apart(describe),
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(
            reflection.SERVICE_NAME, {"ServerReflectionInfo": handler}
        )

    def _first(self, behavior: Callable[..., Any]) -> Callable[..., Any]:
        """``behavior`` with the one request of a health call, once it is there."""

        def first(messages: Iterator[bytes], context: grpc.ServicerContext, *send: Any) -> Any:
            try:
                message = self._arrivals.next(messages, context)
            except StopIteration:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the call has no message, expected one")
            return behavior(_parsed(health_pb2.HealthCheckRequest, message, context), context, *send)

        return first

    def _apart(self, behavior: Callable[..., Any], *, non_blocking: bool = False) -> Callable[..., Any]:
        """``behavior`` on the probes' own threads; its stream ends when the server does."""

        def apart(request: Any, context: grpc.ServicerContext, *send: Any) -> Any:
            self._streams.add(context)
            if not context.add_callback(lambda: self._streams.discard(context)):
                self._streams.discard(context)
            return behavior(request, context, *send)

        # grpc looks for both on the function; the health service of grpcio relies on them too.
        apart.experimental_thread_pool = self._threads  # type: ignore[attr-defined]
        apart.experimental_non_blocking = non_blocking  # type: ignore[attr-defined]
        return apart


def _parsed(kind: type[Message], message: bytes, context: grpc.ServicerContext) -> Any:
    """grpc would parse it too, but writes a traceback into the log for what is none."""
    try:
        return kind.FromString(message)
    except DecodeError as error:
        name = kind.DESCRIPTOR.full_name
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request is no {name}: {error}")
