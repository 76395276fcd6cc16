"""The hooks of the gRPC plugin. The server's modules are imported only when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import click

from seldon_runtime.plugin import (
    Hooks,
    Port,
    Service,
    Settings,
    Sockets,
    Transport,
    hookimpl,
    option,
    tls_options,
)

PORT_SETTING = "--grpc-port (PREDICTIVE_UNIT_GRPC_SERVICE_PORT)"
_LARGEST = 2**31 - 1


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options of port, threads, message size, keepalive and TLS."""
    return [
        option(
            "--grpc-port",
            envvar="PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            help="Port of the gRPC transport.  [default: --service-port]",
        ),
        option(
            "--grpc-threads",
            envvar="GRPC_THREADS",
            type=click.IntRange(1),
            help="Largest number of gRPC calls that are accepted at the same time, including those that wait "
            "for the component; further calls wait in the network.  [default: --queue-size and a few]",
        ),
        option(
            "--grpc-max-streams",
            envvar="SELDON_GRPC_MAX_STREAMS",
            type=click.IntRange(1, _LARGEST),
            default=1000,
            help="Number of streams that may be open, each with a thread; further ones are refused.",
        ),
        option(
            "--grpc-max-message-bytes",
            envvar="SELDON_GRPC_MAX_MESSAGE_BYTES",
            type=click.IntRange(1, _LARGEST),
            help="Largest message, in and out.  [default: the pod's annotation "
            "seldon.io/grpc-max-message-size, else 67108864]",
        ),
        option(
            "--grpc-keepalive",
            "grpc_keepalive_s",
            envvar="SELDON_GRPC_KEEPALIVE_S",
            type=click.FloatRange(1),
            default=60.0,
            help="Seconds after which an idle connection is probed with an HTTP/2 ping.",
        ),
        option(
            "--grpc-max-connections",
            envvar="SELDON_GRPC_MAX_CONNECTIONS",
            type=click.IntRange(1, _LARGEST),
            help="Number of connections that may stay open. Beyond it, the server closes those "
            "that have been idle longest.  [default: a fifth of the connections that the "
            "system's limit of open files allows]",
        ),
        option(
            "--grpc-max-connection-idle",
            "grpc_max_connection_idle_s",
            envvar="SELDON_GRPC_MAX_CONNECTION_IDLE_S",
            type=click.FloatRange(0, 86_400),
            default=75.0,
            help="Seconds without a call after which a client receives GOAWAY; 0: never.",
        ),
        option(
            "--grpc-max-connection-age",
            "grpc_max_connection_age_s",
            envvar="SELDON_GRPC_MAX_CONNECTION_AGE_S",
            type=click.FloatRange(0, 86_400),
            help="Seconds after which clients receive GOAWAY and reconnect, while their calls go on; this "
            "spreads the load over workers and pods; 0: never.  [default: 10 with several workers, else 60]",
        ),
        *tls_options("--grpc-tls"),
    ]


@hookimpl
def seldon_hookspecs() -> Sequence[ModuleType]:
    """Return the hook specification for services of other plugins."""
    from seldon_runtime_grpc import extension

    return [extension]


@hookimpl
def seldon_ports(settings: Settings) -> Port:
    """Return the port of the gRPC server."""
    return Port(settings["host"], settings.port_for("grpc", settings["grpc_port"]), PORT_SETTING)


@hookimpl
def seldon_transport(service: Service, settings: Settings, hooks: Hooks, sockets: Sockets) -> Transport:
    """Return the gRPC server, with the services of other plugins."""
    from seldon_runtime.protocols.non_finite import NonFinite
    from seldon_runtime_grpc.service_table import services_of  # importing grpc takes time, for --help too
    from seldon_runtime_grpc.transport import GrpcTransport

    contributed = hooks.collect("seldon_grpc_services", service=service, settings=settings)
    non_finite, has_v1 = NonFinite(settings["non_finite"]), "v1" in settings.protocols
    services = services_of(service, contributed, non_finite, has_v1=has_v1)
    return GrpcTransport(service, settings, services, sockets)
