"""The options of the server's channels, from settings and the pod's annotations."""

from __future__ import annotations

from seldon_runtime.plugin import Reservation, Settings, connection_budget
from seldon_runtime_grpc import pod_annotations
from seldon_runtime_grpc.server.idle_clients import with_room

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_HANDSHAKE_TIMEOUT_S = 20.0
_KEEPALIVE_TIMEOUT_S = 20.0
_LEAST_PING_INTERVAL_S = 10.0
_AGE_AMONG_WORKERS_S, _AGE_S = 10.0, 60.0
_NO_LIMIT = 2**31 - 1
_SHARE = 1 / 5
"""The part of the allowed connections that gRPC takes; HTTP takes three quarters."""


def most_connections(settings: Settings) -> int:
    """Return how many connections may stay open."""
    chosen: int | None = settings["grpc_max_connections"]
    return chosen or connection_budget(_SHARE)


def connection_age_s(settings: Settings, reservation: Reservation) -> float:
    """Return the greatest age of a connection in seconds; 0 for no limit.

    Workers that restart wait until their clients have connected anew, so their connections are short.
    """
    chosen: float | None = settings["grpc_max_connection_age_s"]
    if chosen is None:
        return _AGE_AMONG_WORKERS_S if reservation.outlived else _AGE_S
    return chosen


def channel_options(settings: Settings, reservation: Reservation, *, streams: int) -> list[tuple[str, int]]:
    """Return grpcio's options of the server, which grpc/impl/channel_arg_names.h explains.

    Args:
        settings: the settings of the process.
        reservation: the server's port.
        streams: how many calls one connection may have at the same time.

    Raises:
        StartupError: the pod's annotation for the largest message is not a number of bytes.
    """
    age_s = connection_age_s(settings, reservation)
    idle_s: float = settings.get("grpc_max_connection_idle_s", 0.0)
    largest = settings["grpc_max_message_bytes"] or pod_annotations.max_message_bytes() or _MAX_MESSAGE_BYTES
    return [
        ("grpc.so_reuseport", int(reservation.shared)),
        ("grpc.max_connection_age_ms", int(age_s * 1000) or _NO_LIMIT),
        # grpc counts a cancelled call until it has released it. So this limit also stops floods of cancelled
        # calls (CVE-2023-44487); without it, grpc would cancel the calls of other clients.
        ("grpc.max_concurrent_streams", streams),
        ("grpc.max_connection_idle_ms", int(idle_s * 1000) or _NO_LIMIT),
        ("grpc.max_allowed_incoming_connections", with_room(most_connections(settings))),
        ("grpc.server_handshake_timeout_ms", int(_HANDSHAKE_TIMEOUT_S * 1000)),
        ("grpc.max_receive_message_length", largest),
        ("grpc.max_send_message_length", largest),
        ("grpc.keepalive_time_ms", int(settings["grpc_keepalive_s"] * 1000)),
        ("grpc.keepalive_timeout_ms", int(_KEEPALIVE_TIMEOUT_S * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", int(_LEAST_PING_INTERVAL_S * 1000)),
    ]
