"""gRPC calls without a server and a second thread: from the message that grpc hands over to the answer."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc

from benchmarks.load import PREDICT
from benchmarks.programs.Identity import Identity
from benchmarks.rest_connection import Inline
from seldon_runtime.component import Component
from seldon_runtime.limits import Limits
from seldon_runtime.service import Service
from seldon_runtime_grpc.arrivals import Arrivals
from seldon_runtime_grpc.deadlines import Deadlines
from seldon_runtime_grpc.departures import Departures
from seldon_runtime_grpc.handlers import Handlers

_METADATA = (("user-agent", "grpc-python/1.85 grpc-c/53 (linux; chttp2)"),)


class _Context(grpc.ServicerContext):
    """What the handlers ask of grpc's context, at no cost."""

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
        return 5.0


_Context.__abstractmethods__ = frozenset()


def through_handler(body: bytes) -> Callable[[int], None]:
    """Makes so many calls of ``Predict`` of an identity."""
    service = Service(Component(Identity()), Inline(), limits=Limits())
    deadlines = Deadlines()
    handlers = Handlers(service, Arrivals(64), Departures(deadlines, 30.0), deadlines)
    new_context: Any = _Context  # nobody calls its abstract methods
    details: Any = SimpleNamespace(method=PREDICT, invocation_metadata=_METADATA)

    def make(calls: int) -> None:
        for _ in range(calls):
            context: Any = new_context()
            answers: list[bytes] = []
            exchange: Any = SimpleNamespace(context=context, answer=answers.append)
            handlers.service(details).stream_unary.begin(body, exchange)
            context.end()
            assert len(answers[0]) >= len(body)

    return make
