"""The gRPC transport: it starts, drains and stops one grpcio server, the thread-based one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from seldon_runtime.plugin import (
    ServerTls,
    Service,
    Settings,
    Sockets,
    StartupError,
    Transport,
    stop_new_connections,
    url_host,
)
from seldon_runtime_grpc.binding import bind
from seldon_runtime_grpc.channel_options import channel_options, connection_age_s, most_connections
from seldon_runtime_grpc.draining.goaway import GoawayWatch
from seldon_runtime_grpc.draining.goaway_gate import GoawayGate
from seldon_runtime_grpc.draining.port_handover import PortHandover
from seldon_runtime_grpc.draining.sockets import listeners
from seldon_runtime_grpc.extension import TRANSPORT, GrpcService
from seldon_runtime_grpc.health import Health
from seldon_runtime_grpc.plugin import PORT_SETTING
from seldon_runtime_grpc.reflection import reflection_handler
from seldon_runtime_grpc.server import callback_exchange
from seldon_runtime_grpc.server.beginner import Beginner
from seldon_runtime_grpc.server.handlers import Handlers
from seldon_runtime_grpc.server.idle_clients import IdleClients
from seldon_runtime_grpc.server.pending_requests import PendingRequests
from seldon_runtime_grpc.server.probe_pool import ProbePool
from seldon_runtime_grpc.server.response_timeout import ResponseTimeout
from seldon_runtime_grpc.server.serving_watch import ServingWatch
from seldon_runtime_grpc.server.streams import Streams
from seldon_runtime_grpc.server.thread_pool import ThreadPool
from seldon_runtime_grpc.tls import server_credentials

_REFUSING_THREADS = 16
"""How many more threads there are than places in the queue: they refuse the calls beyond the queue."""
_PENDING_THREADS = 64
"""How many more threads there are for calls whose request message has not arrived yet.

With the callback exchange such calls need no thread: then as many of them may wait as calls of the component.
"""
_PROBING_STREAMS = 100
"""How many RPCs one connection may have beside its calls, such as health and reflection.

Streams of a component count as calls here: with more RPCs on a connection, grpc cancels calls of other
clients in a flood of resets (``tests/faults/test_hostile_frames.py``).
"""
_RESPONSE_TIMEOUT_S = 30.0
"""How long a client may take to read its answer; for large answers it is more."""
_LINGER_S = 0.25
"""How long the server waits for calls that are on their way, so that it can refuse them properly."""
_GOAWAY_S = 1.0
"""How long the server waits until GOAWAY is sent: a client that does not read cannot receive it."""
_ABORT_S = 1.0
_AGE_JITTER = 1.2
"""A safe factor on the greatest age of connections, which grpcio varies by up to a tenth each way."""


class GrpcTransport(Transport):
    """Serves one service over gRPC.

    A call holds no thread while it waits for the component, unless ``--grpc-threads`` limits these threads.

    Args:
        service: answers the calls.
        settings: the settings of the process.
        services: the gRPC services to serve, with their RPCs.
        sockets: reserves the port.

    Raises:
        StartupError: a setting cannot be used; from :meth:`start`, the port is not available.
    """

    name = TRANSPORT

    def __init__(
        self, service: Service, settings: Settings, services: Sequence[GrpcService], sockets: Sockets
    ) -> None:
        self._service = service
        self._settings = settings
        self._sockets = sockets
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["grpc_port"])
        self._tls = ServerTls.of(settings, "--grpc-tls")
        self._calls: int = settings["grpc_threads"] or service.queue_size + _REFUSING_THREADS
        most_streams: int = settings["grpc_max_streams"]
        self._threads = ThreadPool(self._calls + _PENDING_THREADS + most_streams)
        gate = GoawayGate()
        timeout = ResponseTimeout(service, _RESPONSE_TIMEOUT_S)
        beginner = Beginner(service, gate, timeout)
        pending = PendingRequests(_PENDING_THREADS)
        streams = Streams(service, gate, pending, timeout, most_streams)
        self._handlers = Handlers(services, beginner, streams, gate, pending)
        self._probes = ProbePool()
        self._health = Health(
            service,
            self._probes,
            [name for served in services for name in (served.name, *served.health_names)],
        )
        self._reflection: list[grpc.GenericRpcHandler] = []
        if settings.get("docs", True):
            self._reflection.append(reflection_handler(services, self._probes))
        self._watch = ServingWatch(service)
        self._closed_at: float | None = None
        self._age_s = 0.0
        """Seconds in which every client reconnects, perhaps to another worker; 0 without such workers."""
        self._listeners: list[socket.socket] = []
        self._handover: PortHandover | None = None

    @property
    def address(self) -> str:
        """``grpc://host:port``, or ``grpcs`` with TLS."""
        scheme = "grpc" if self._tls is None else "grpcs"
        return f"{scheme}://{self._target}"

    @property
    def _target(self) -> str:
        return f"{url_host(self._host)}:{self._port}"

    def start(self) -> None:
        """Bind the port and start grpcio's threads, which serve it. Returns once the server listens.

        Raises:
            StartupError: the port is not available.
        """
        reservation = self._sockets.reserve(self._host, self._port, PORT_SETTING)
        self._port = reservation.port
        self._age_s = connection_age_s(self._settings, reservation) if reservation.outlived else 0.0
        options = channel_options(self._settings, reservation, streams=self._calls + _PROBING_STREAMS)
        handlers = [self._handlers, self._health.handler, *self._reflection]
        self._server = grpc.server(self._call_pool(), handlers, options=options)
        try:
            self._port = bind(self._host, self._port, self._add_port)
        except (OSError, RuntimeError) as error:
            raise StartupError(
                f"cannot listen on {self._target} ({error}): is another program using the port? "
                f"Choose another one with {PORT_SETTING}"
            ) from None
        if self._tls is not None:
            self._tls.start()
        self._watch.start(self._server)
        self._idle = IdleClients(most_connections(self._settings), self._server, self._probes, self._port)
        self._idle.start()
        self._health.start()

    def _add_port(self, target: str) -> int:
        if self._tls is None:
            return self._server.add_insecure_port(target)
        return self._server.add_secure_port(target, server_credentials(self._tls))

    def _call_pool(self) -> Any:
        """Return the pool for grpcio, with the methods of a ThreadPoolExecutor that grpcio calls."""
        limits_threads = self._settings["grpc_threads"] is not None  # bounds how many calls are held
        if limits_threads or not callback_exchange.is_supported():
            return self._threads
        return callback_exchange.CallPool(self._threads, PendingRequests(self._calls))

    def stop_accepting(self) -> None:
        """Refuse new calls with UNAVAILABLE; if other workers still serve, hand new connections to them."""
        self._idle.stop()
        self._listeners = listeners(self._port)
        for listener in self._listeners:
            stop_new_connections(listener)
        if self._service.retiring:
            self._handover = PortHandover(self._port, self._listeners)
        else:
            self._close(self._handlers.refuse)

    def _close(self, treat_calls: Callable[[], None]) -> None:
        """Publish NOT_SERVING, and call ``treat_calls``, which refuses or holds the calls from now on."""
        self._closed_at = time.monotonic()
        treat_calls()
        self._health.drain()

    def stop(self, grace_s: float) -> None:
        """Send GOAWAY, wait for the accepted calls, cancel the rest after ``grace_s``, end all threads."""
        deadline = time.monotonic() + grace_s
        if self._handover is not None:
            self._hand_over(self._handover, deadline - _LINGER_S)
        if self._closed_at is None:
            return
        _sleep_until(min(self._closed_at + _LINGER_S, deadline))
        self._probes.stop()
        self._watch.stop()
        if self._tls is not None:
            self._tls.stop()
        if not self._watch.has_failed:
            self._stop_server(deadline)
        for listener in self._listeners:
            listener.close()
        self._threads.shutdown()

    def _stop_server(self, deadline: float) -> None:
        """Send GOAWAY, then the held responses; wait for the open calls, and cancel them at the deadline."""
        goaway = GoawayWatch(self._port)
        remaining_s = max(0.0, deadline - time.monotonic())
        ended = self._server.stop(remaining_s)
        goaway.wait(min(time.monotonic() + _GOAWAY_S, deadline))
        self._handlers.release()
        ended.wait(remaining_s + _ABORT_S)

    def _hand_over(self, handover: PortHandover, deadline: float) -> None:
        """Leave the port, and serve the open connections until their clients have disconnected."""
        handover.leave_port(deadline)
        if self._age_s:
            handover.outlast_clients(self._age_s * _AGE_JITTER, deadline, self._end_streams)
            self._close(self._handlers.refuse)
        else:
            self._close(self._handlers.hold)

    def _end_streams(self) -> None:
        self._probes.end_streams()
        self._handlers.end_streams()


def _sleep_until(end: float) -> None:
    time.sleep(max(0.0, end - time.monotonic()))
