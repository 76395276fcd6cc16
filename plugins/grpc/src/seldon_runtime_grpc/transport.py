"""The gRPC server: grpcio's thread-based one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import grpc

from seldon_runtime.errors import StartupError
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_grpc import pod_annotations
from seldon_runtime_grpc.credentials import credentials
from seldon_runtime_grpc.handlers import NAME, Handlers
from seldon_runtime_grpc.probes import Probes

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_REFUSING_THREADS = 16
"""More threads than the queue has places: they are there to refuse what comes beyond it."""
_KEEPALIVE_TIMEOUT_S = 20.0
_LEAST_PING_INTERVAL_S = 10.0
_LINGER_S = 0.25
"""How long new calls are refused before connections are closed: grpc answers CANCELLED, which clients do not
try again elsewhere, to calls that arrive while it closes them."""
_ABORT_S = 1.0


class GrpcTransport:
    """Serves one service over gRPC.

    Every call holds a thread of the pool while it waits for the component. Threads are
    made as they are needed, so a few clients need a few.

    Raises:
        StartupError: a setting cannot be used; from :meth:`start`, when the port cannot be had.
    """

    name = NAME

    def __init__(self, service: Service, settings: Settings) -> None:
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["grpc_port"])
        self._credentials = credentials(settings)
        threads = settings["grpc_threads"] or settings["queue_size"] + _REFUSING_THREADS
        self._threads = ThreadPoolExecutor(threads, "grpc")
        self._handlers = Handlers(service)
        self._server = grpc.server(self._threads, [self._handlers], options=_options(settings))
        self._probes = Probes(service, self._server)
        self._closed_at: float | None = None

    @property
    def address(self) -> str:
        """``grpc://host:port``, or ``grpcs`` with TLS."""
        scheme = "grpc" if self._credentials is None else "grpcs"
        return f"{scheme}://{self._target}"

    @property
    def _target(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    def start(self) -> None:
        """Bind, and serve in grpc's own threads."""
        try:
            if self._credentials is None:
                self._port = self._server.add_insecure_port(self._target)
            else:
                self._port = self._server.add_secure_port(self._target, self._credentials)
        except RuntimeError as error:
            raise StartupError(
                f"cannot listen on {self._target} ({error}): is another program using the port? Choose "
                "another one with --grpc-port (PREDICTIVE_UNIT_GRPC_SERVICE_PORT)"
            ) from error
        self._server.start()
        self._probes.start()

    def stop_accepting(self) -> None:
        """New calls get UNAVAILABLE from now on."""
        self._handlers.close()
        self._probes.drain()
        self._closed_at = time.monotonic()

    def stop(self, grace_s: float) -> None:
        """Tell clients to go elsewhere, wait for the accepted calls, cancel what is left, end all threads."""
        if self._closed_at is None:
            return
        deadline = time.monotonic() + grace_s
        time.sleep(max(0.0, min(self._closed_at + _LINGER_S, deadline) - time.monotonic()))
        self._probes.stop()
        remaining_s = max(0.0, deadline - time.monotonic())
        self._server.stop(remaining_s).wait(remaining_s + _ABORT_S)
        self._threads.shutdown(wait=False)


def _options(settings: Settings) -> list[tuple[str, int]]:
    """Of the channel, as grpc/impl/channel_arg_names.h explains them."""
    largest = settings["grpc_max_message_bytes"] or pod_annotations.max_message_bytes() or _MAX_MESSAGE_BYTES
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", largest),
        ("grpc.max_send_message_length", largest),
        ("grpc.keepalive_time_ms", int(settings["grpc_keepalive_s"] * 1000)),
        ("grpc.keepalive_timeout_ms", int(_KEEPALIVE_TIMEOUT_S * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", int(_LEAST_PING_INTERVAL_S * 1000)),
    ]
