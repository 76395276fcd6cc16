"""A gRPC transport with a real server and a real channel.

Modules without a test module of their name, and the tests that hold them:
    calls: compat/tests/test_grpc_server.py
    plugin, pod_annotations: plugins/grpc/tests/test_channel_options.py
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import OwnSockets, Predictor, Settings
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc import transport
from seldon_runtime_grpc.extension import GrpcService
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.service_table import services_of
from seldon_runtime_grpc.transport import GrpcTransport

from . import hello
from .hello_client import Client, Shout

PLAIN = {
    "host": "127.0.0.1",
    "queue_size": 1000,
    "grpc_port": 0,
    "grpc_threads": None,
    "grpc_max_streams": 1000,
    "grpc_max_message_bytes": None,
    "grpc_keepalive_s": 60.0,
    "grpc_max_connection_idle_s": 75.0,
    "grpc_max_connections": None,
    "grpc_max_connection_age_s": None,
    "grpc_tls_cert": None,
    "grpc_tls_key": None,
    "grpc_tls_client_ca": None,
}
"""Seconds that nothing here takes, even on a busy machine."""


class Served:
    """A user's object behind a started transport, and a client of it."""

    def __init__(
        self,
        user: object,
        component: dict[str, Any],
        service: dict[str, Any],
        contributed: Sequence[GrpcService] = (),
        **settings: Any,
    ):
        values = {**PLAIN, **settings}
        self._drains = False
        self.executor = Executor(queue_size=values["queue_size"])
        self.executor.start()
        predictor = user if isinstance(user, Predictor) else ComponentAdapter(user, **component)
        unit = Unit(predictor, self.executor, user=user)
        self.service = ComponentService(unit, **service)
        services = services_of(self.service, [("a plugin", given) for given in contributed])
        self.transport = GrpcTransport(self.service, Settings(values), services, OwnSockets())
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
        return self.stub(method)(request or SeldonMessage(strData="s"), **{"timeout": WAIT_S, **options})

    def error(self, request: Any = None, method: str = "Model/Predict", **options: Any) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            self.ask(request, method, **options)
        return caught.value

    def drain(self) -> None:
        self._drains = True
        self.transport.stop_accepting()

    def stop(self) -> None:
        self.channel.close()
        if not self._drains:
            self.drain()
        self.transport.stop(WAIT_S)
        self.executor.stop(WAIT_S)


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
def serve_hello(serve: Callable[..., Served]) -> Callable[..., Client]:
    """``serve_hello(*services)`` starts a transport with these, or the toy service; returns a client."""
    return lambda *services, **options: Client(
        serve(Shout(), contributed=services or [hello.HELLO], **options).target
    )


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
        assert self.open.wait(WAIT_S)
        return X

    def wait_until_entered(self) -> None:
        assert self.entered.acquire(timeout=WAIT_S)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()
