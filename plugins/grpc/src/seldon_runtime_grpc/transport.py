"""The gRPC server: grpcio's thread-based one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import grpc

from seldon_runtime.errors import StartupError
from seldon_runtime.open_files import allow_open_files
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.transport import Reservation, bar, reserve
from seldon_runtime_grpc import pod_annotations
from seldon_runtime_grpc.arrivals import Arrivals
from seldon_runtime_grpc.credentials import credentials
from seldon_runtime_grpc.deadlines import Deadlines
from seldon_runtime_grpc.departures import Departures
from seldon_runtime_grpc.direct import Pool
from seldon_runtime_grpc.dismissal import Dismissal
from seldon_runtime_grpc.handlers import NAME, Handlers
from seldon_runtime_grpc.probes import Probes
from seldon_runtime_grpc.retirement import Retirement
from seldon_runtime_grpc.sockets import listeners
from seldon_runtime_grpc.threads import Threads

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_REFUSING_THREADS = 16
"""More threads than the queue has places: they are there to refuse what comes beyond it."""
_ARRIVING_THREADS = 64
"""For calls whose message has not come yet, beyond those that wait for the component. Where such calls need
no thread, as many of them may wait as for the component: they need less than those."""
_PROBING_STREAMS = 100
"""How many more streams than calls one connection may have."""
_TAKING_S = 30.0
"""How long a client has to take its answer, and more for large ones."""
_HANDSHAKE_TIMEOUT_S = 20.0
_KEEPALIVE_TIMEOUT_S = 20.0
_LEAST_PING_INTERVAL_S = 10.0
_LINGER_S = 0.25
"""How long calls that are under way to the server have to arrive, so that they can be refused properly."""
_TELLING_S = 1.0
"""How long to wait until clients have been told to leave: one that does not read cannot be."""
_ABORT_S = 1.0
_AGE_JITTER = 1.2
"""grpc spreads the ends of connections over a tenth more or less than their greatest age."""
_NO_LIMIT = 2**31 - 1
_PORT_SETTING = "--grpc-port (PREDICTIVE_UNIT_GRPC_SERVICE_PORT)"


class GrpcTransport:
    """Serves one service over gRPC.

    A call holds no thread while it waits for the component, unless there is a limit to these threads.

    Raises:
        StartupError: a setting cannot be used; from :meth:`start`, when the port cannot be had.
    """

    name = NAME

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._settings = settings
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["grpc_port"])
        self._credentials = credentials(settings)
        self._calls: int = settings["grpc_threads"] or settings["queue_size"] + _REFUSING_THREADS
        self._threads = Threads(self._calls + _ARRIVING_THREADS)
        self._deadlines = Deadlines()
        self._departures = Departures(self._deadlines, _TAKING_S)
        self._handlers = Handlers(
            service,
            Arrivals(_ARRIVING_THREADS),
            self._departures,
            self._deadlines,
            tells_client=settings.get("access_log", False),
            holds_threads=settings["grpc_threads"] is not None,  # which bounds how many calls are held
        )
        self._closed_at: float | None = None
        self._dismisses_clients = False
        """Whether they are told to connect anew from time to time."""
        self._listeners: list[socket.socket] = []
        self._retirement: Retirement | None = None

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
        reservation = reserve(self._host, self._port, _PORT_SETTING)
        self._port = reservation.port
        self._dismisses_clients = reservation.outlived
        options = _options(self._settings, reservation, streams=self._calls + _PROBING_STREAMS)
        # For a ThreadPoolExecutor: grpc uses no more of one.
        pool: Any = Pool(self._threads, Arrivals(self._calls))
        self._server = grpc.server(pool, [self._handlers], options=options)
        self._probes = Probes(self._service, self._server)
        try:
            if self._credentials is None:
                self._port = self._server.add_insecure_port(self._target)
            else:
                self._port = self._server.add_secure_port(self._target, self._credentials)
        except RuntimeError as error:
            raise StartupError(
                f"cannot listen on {self._target} ({error}): is another program using the port? "
                f"Choose another one with {_PORT_SETTING}"
            ) from None
        self._server.start()
        self._probes.start()

    def stop_accepting(self) -> None:
        """New calls get UNAVAILABLE from now on; if other workers serve on, new connections go to those."""
        self._listeners = listeners(self._port)
        for listener in self._listeners:
            bar(listener)
        if self._service.retiring:
            self._retirement = Retirement(self._port, self._listeners)
        else:
            self._close(self._handlers.refuse)

    def _close(self, calls: Callable[[], None]) -> None:
        """Say what becomes of the calls that arrive from now on."""
        self._closed_at = time.monotonic()
        calls()
        self._probes.drain()

    def stop(self, grace_s: float) -> None:
        """Tell clients to go elsewhere, wait for the accepted calls, cancel what is left, end all threads."""
        deadline = time.monotonic() + grace_s
        if self._retirement is not None:
            self._retirement.leave_port(deadline - _LINGER_S)
            if self._dismisses_clients:
                told_s = self._settings["grpc_max_connection_age_s"] * _AGE_JITTER
                self._retirement.outlast_clients(told_s, deadline - _LINGER_S, self._probes.end_streams)
                self._close(self._handlers.refuse)
            else:
                self._close(self._handlers.hold)
        if self._closed_at is None:
            return
        _sleep_until(min(self._closed_at + _LINGER_S, deadline))
        self._probes.stop()
        remaining_s = max(0.0, deadline - time.monotonic())
        dismissal = Dismissal(self._port)
        ended = self._server.stop(remaining_s)
        dismissal.wait(min(time.monotonic() + _TELLING_S, deadline))
        self._handlers.leave()
        ended.wait(remaining_s + _ABORT_S)
        for listener in self._listeners:
            listener.close()
        self._deadlines.stop()
        self._threads.shutdown()


def _sleep_until(end: float) -> None:
    time.sleep(max(0.0, end - time.monotonic()))


def _options(settings: Settings, reservation: Reservation, *, streams: int) -> list[tuple[str, int]]:
    """Of the channel, as grpc/impl/channel_arg_names.h explains them."""
    age_s: float = settings["grpc_max_connection_age_s"] if reservation.outlived else 0
    files = allow_open_files()
    connections = settings["grpc_max_connections"] or files // 5  # HTTP has three quarters
    largest = settings["grpc_max_message_bytes"] or pod_annotations.max_message_bytes() or _MAX_MESSAGE_BYTES
    return [
        ("grpc.so_reuseport", int(reservation.shared)),
        ("grpc.max_connection_age_ms", int(age_s * 1000) or _NO_LIMIT),
        # grpc counts calls that a client has taken back until they are disposed of, so this also stops
        # floods of those (CVE-2023-44487), which else have it cancel the calls of others.
        ("grpc.max_concurrent_streams", streams),
        ("grpc.max_allowed_incoming_connections", connections),
        ("grpc.server_handshake_timeout_ms", int(_HANDSHAKE_TIMEOUT_S * 1000)),
        ("grpc.max_receive_message_length", largest),
        ("grpc.max_send_message_length", largest),
        ("grpc.keepalive_time_ms", int(settings["grpc_keepalive_s"] * 1000)),
        ("grpc.keepalive_timeout_ms", int(_KEEPALIVE_TIMEOUT_S * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", int(_LEAST_PING_INTERVAL_S * 1000)),
    ]
