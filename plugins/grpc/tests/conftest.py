"""A gRPC transport with a real server and a real channel."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_grpc import transport
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.transport import GrpcTransport

PLAIN = {
    "host": "127.0.0.1",
    "queue_size": 1000,
    "grpc_port": 0,
    "grpc_threads": None,
    "grpc_max_message_bytes": None,
    "grpc_keepalive_s": 60.0,
    "grpc_max_connections": None,
    "grpc_max_connection_age_s": 10.0,
    "grpc_tls_cert": None,
    "grpc_tls_key": None,
    "grpc_tls_client_ca": None,
}
LIMIT_S = 20
"""Longer than anything here takes on a busy machine."""


class Served:
    """A user's object behind a started transport, and a client of it."""

    def __init__(self, user: object, component: dict[str, Any], service: dict[str, Any], **settings: Any):
        values = {**PLAIN, **settings}
        self.executor = Executor(queue_size=values["queue_size"])
        self.executor.start()
        self.service = Service(Component(user, **component), self.executor, **service)
        self.transport = GrpcTransport(self.service, Settings(values))
        self.transport.start()
        self.service.ready = True
        self.target = self.transport.address.partition("://")[2]
        self.channel = grpc.insecure_channel(self.target, options=[("grpc.enable_http_proxy", 0)])

    def stub(self, method: str = "Model/Predict") -> Any:
        """A callable of bytes or a message; answers are SeldonMessages."""
        return self.channel.unary_unary(
            f"/seldon.protos.{method}",
            request_serializer=lambda sent: sent if isinstance(sent, bytes) else sent.SerializeToString(),
            response_deserializer=SeldonMessage.FromString,
        )

    def ask(self, request: Any = None, method: str = "Model/Predict", **options: Any) -> SeldonMessage:
        return self.stub(method)(request or SeldonMessage(strData="s"), **{"timeout": LIMIT_S, **options})

    def error(self, request: Any = None, method: str = "Model/Predict", **options: Any) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            self.ask(request, method, **options)
        return caught.value

    def stop(self) -> None:
        self.channel.close()
        self.transport.stop_accepting()
        self.transport.stop(LIMIT_S)
        self.executor.stop(LIMIT_S)


@pytest.fixture
def plain_settings() -> dict[str, Any]:
    """Every setting the transport reads, at its default but for host and port."""
    return dict(PLAIN)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    """``serve(user)`` starts a transport; it is stopped when the test ends."""
    monkeypatch.setattr(transport, "_LINGER_S", 0.0)  # no client is in the middle of a call then
    with ExitStack() as stack:

        def start(user: object, *, component: Any = None, service: Any = None, **settings: Any) -> Served:
            served = Served(user, component or {}, service or {}, **settings)
            stack.callback(served.stop)
            return served

        yield start


@pytest.fixture
def no_collector() -> Iterator[None]:
    """As in a process with many objects, where the garbage collector seldom looks at all of them."""
    gc.disable()
    yield
    gc.enable()


class Gate:
    """A component whose predict waits until it is let through, and keeps what it was asked."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.seen: list[Any] = []

    def predict(self, X: Any, features_names: Any) -> Any:
        self.seen.append(X)
        self.entered.release()
        assert self.open.wait(LIMIT_S)
        return X

    def wait_until_entered(self) -> None:
        assert self.entered.acquire(timeout=LIMIT_S)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()
