"""gRPC calls without a server and a second thread: from the request that grpcio hands over to the answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc

from benchmarks.load import PREDICT
from benchmarks.programs.Identity import Identity
from benchmarks.rest_connection import Inline
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.limits import Limits
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.service import Service
from seldon_runtime.service.timers import Timers
from seldon_runtime.service.unit import Unit
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate
from seldon_runtime_grpc.extension import GrpcService
from seldon_runtime_grpc.server.beginner import Beginner
from seldon_runtime_grpc.server.handlers import Handlers
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.response_timeout import ResponseTimeout
from seldon_runtime_grpc.server.streams import Streams
from seldon_runtime_grpc.v1.services import seldon_services
from seldon_runtime_v2.grpc.services import InferenceService
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.statistics import Statistics

_LATER_S = 3600.0
"""Deadline of every call: no count lasts as long, so the timers' thread sleeps while calls are counted."""
_METADATA = (("user-agent", "grpc-python/1.85 grpc-c/53 (linux; chttp2)"),)


class _Context(grpc.ServicerContext):
    """The parts of grpcio's context that the transport uses, at no cost."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []

    def add_callback(self, callback: Callable[[], None]) -> bool:
        self._callbacks.append(callback)
        return True

    def end(self) -> None:
        for callback in self._callbacks:
            callback()

    def invocation_metadata(self) -> Any:
        return _METADATA

    def time_remaining(self) -> float:
        return _LATER_S


_Context.__abstractmethods__ = frozenset()


def _start(timers: Timers) -> None:
    """Start the timers' thread and wait until it sleeps; until then each deadline would wake it."""
    timers.call_at(time.monotonic() + _LATER_S / 2, lambda: None)
    while timers.looks_at == math.inf:
        time.sleep(0.01)  # under valgrind a thread that does not wait keeps the processor


def _own_services(service: Service) -> list[GrpcService]:
    return seldon_services(service.limits)


def v2_services(service: Service) -> list[GrpcService]:
    """Return the service of the Open Inference Protocol, whose model is ``Identity``."""
    return [InferenceService(service, ServedModel(service, "Identity"), Statistics()).described()]


def through_handler(
    body: bytes,
    target: str = PREDICT,
    services: Callable[[Service], list[GrpcService]] = _own_services,
) -> Callable[[int], None]:
    """Return a function that makes so many calls of an RPC of an identity."""
    unit = Unit(ComponentAdapter(Identity()), Inline())
    service = ComponentService(unit, limits=Limits())
    _start(service.timers)
    gate = GoawayGate()
    timeout, pending = ResponseTimeout(service, 30.0), PendingRequests(64)
    beginner, streams = Beginner(service, gate, timeout), Streams(service, gate, pending, timeout, 1000)
    handlers = Handlers(services(service), beginner, streams, gate, pending)
    new_context: Any = _Context  # nobody calls its abstract methods
    details: Any = SimpleNamespace(method=target, invocation_metadata=_METADATA)

    def make(calls: int) -> None:
        for _ in range(calls):
            context: Any = new_context()
            answers: list[bytes] = []
            exchange: Any = SimpleNamespace(context=context, answer=answers.append)
            handlers.service(details).stream_unary.begin(body, exchange)
            context.end()
            assert len(answers[0]) >= len(body)

    return make
