"""Hooks of the gRPC plugin. What serves is imported when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings, option
from seldon_runtime.transport import Transport

_LARGEST = 2**31 - 1


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Port, threads, message size, keepalive and TLS."""
    return [
        option(
            "--grpc-port",
            envvar="PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            help="Port of the gRPC transport; without it, --service-port counts.",
        ),
        option(
            "--grpc-threads",
            envvar="GRPC_THREADS",
            type=click.IntRange(1),
            help="gRPC calls that are held at the same time, those that wait for the component included; "
            "further ones wait in the network.  [default: --queue-size and a few]",
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
            help="Seconds after which an idle client is asked whether it is still there.",
        ),
        option(
            "--grpc-max-connections",
            envvar="SELDON_GRPC_MAX_CONNECTIONS",
            type=click.IntRange(1, _LARGEST),
            help="Connections that may be open at the same time; further ones are closed.  [default: a fifth "
            "of the open files that the system allows]",
        ),
        option(
            "--grpc-max-connection-age",
            "grpc_max_connection_age_s",
            envvar="SELDON_GRPC_MAX_CONNECTION_AGE_S",
            type=click.FloatRange(0.1, 86_400),
            default=10.0,
            help="With several workers: seconds after which a client is told to connect anew, its calls "
            "going on: that spreads the load, and lets workers be replaced without a failed call.",
        ),
        option(
            "--grpc-tls-cert",
            envvar="SELDON_GRPC_TLS_CERT",
            type=click.Path(),
            help="PEM file with the server's certificate chain. With it, only TLS is served.",
        ),
        option(
            "--grpc-tls-key",
            envvar="SELDON_GRPC_TLS_KEY",
            type=click.Path(),
            help="PEM file with the key of the certificate.",
        ),
        option(
            "--grpc-tls-client-ca",
            envvar="SELDON_GRPC_TLS_CLIENT_CA",
            type=click.Path(),
            help="PEM file with the authorities of client certificates. With it, clients must have one.",
        ),
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> Transport:
    """The gRPC server."""
    from seldon_runtime_grpc.transport import GrpcTransport  # grpc's import is worth avoiding for --help

    return GrpcTransport(service, settings)
