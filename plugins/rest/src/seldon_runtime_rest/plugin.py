"""Hooks of the REST plugin. The server is imported when a transport is made."""

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

PORT_SETTING = "--http-port (PREDICTIVE_UNIT_HTTP_SERVICE_PORT)"
_SECONDS = click.FloatRange(0, 86_400, min_open=True)


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options of ports, limits, CORS and the look of the JSON."""
    return [
        option(
            "--http-port",
            envvar="PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            help="Port of the REST transport; if it is not set, that of --service-port.",
        ),
        option(
            "--cors-origins",
            envvar="CORS_ORIGINS",
            default="",
            callback=_origins,
            help="Origins that browsers may call from: a comma-separated list, or *. None by default.",
        ),
        option(
            "--payload-passthrough/--no-payload-passthrough",
            envvar="PAYLOAD_PASSTHROUGH",
            default=False,
            help="Pass the undecoded body to predict_raw, and send its result unchanged.",
        ),
        option(
            "--json-sort-keys/--no-json-sort-keys",
            envvar="FLASK_JSON_SORT_KEYS",
            default=True,
            help="Sort the keys of answers.",
        ),
        option(
            "--json-pretty/--no-json-pretty",
            envvar=["FLASK_JSONIFY_PRETTYPRINT_REGULAR", "FLASK_DEBUG"],
            default=False,
            help="Indent answers by two.",
        ),
        option(
            "--json-ascii/--no-json-ascii",
            envvar="FLASK_JSON_AS_ASCII",
            default=True,
            help="Escape non-ASCII characters in answers.",
        ),
        option(
            "--http-keep-alive",
            "http_keep_alive_s",
            envvar="SELDON_HTTP_KEEP_ALIVE_S",
            type=click.IntRange(1),
            default=75,
            help="Seconds for which an idle connection stays open.",
        ),
        option(
            "--http-max-connection-age",
            "http_max_connection_age_s",
            envvar="SELDON_HTTP_MAX_CONNECTION_AGE_S",
            type=click.FloatRange(0, 86_400),
            default=60.0,
            help="Seconds after which a response tells the client to open a new connection, which spreads "
            "the load; 0: never.",
        ),
        option(
            "--http-head-timeout",
            "http_head_timeout_s",
            envvar="SELDON_HTTP_HEAD_TIMEOUT_S",
            type=_SECONDS,
            default=20.0,
            help="Seconds that a request line and headers may take to arrive.",
        ),
        option(
            "--http-body-timeout",
            "http_body_timeout_s",
            envvar="SELDON_HTTP_BODY_TIMEOUT_S",
            type=_SECONDS,
            default=20.0,
            help="Close a connection that transfers less than 1 KiB/s over this many seconds, while its "
            "client sends a body or reads a response.",
        ),
        option(
            "--http-max-head-bytes",
            envvar="SELDON_HTTP_MAX_HEAD_BYTES",
            type=click.IntRange(1024),
            default=65536,
            help="Largest request line and headers together.",
        ),
        option(
            "--http-max-connections",
            envvar="SELDON_HTTP_MAX_CONNECTIONS",
            type=click.IntRange(1),
            help="Connections that may be open at the same time.  [default: three quarters of the open files "
            "that the system allows]",
        ),
        option(
            "--http-compress-from",
            envvar="SELDON_HTTP_COMPRESS_FROM",
            type=click.IntRange(0),
            help="Compress responses of at least this many bytes (gzip, deflate) for clients that "
            "accept it.  [default: never]",
        ),
        *tls_options("--http-tls"),
    ]


@hookimpl
def seldon_hookspecs() -> ModuleType:
    """Return the hook by which other plugins add HTTP routes."""
    from seldon_runtime_rest import extension

    return extension


@hookimpl
def seldon_ports(settings: Settings) -> Port:
    """Return the port of the HTTP server."""
    return Port(settings["host"], settings.port_for("rest", settings["http_port"]), PORT_SETTING)


@hookimpl
def seldon_transport(service: Service, settings: Settings, hooks: Hooks, sockets: Sockets) -> Transport:
    """Return the HTTP server."""
    from seldon_runtime_rest.assembly import Contribution  # --help needs nothing of these
    from seldon_runtime_rest.transport import RestTransport

    routes = hooks.collect("seldon_http_routes", service=service, settings=settings)
    return RestTransport(service, settings, sockets, [Contribution(owner, route) for owner, route in routes])


def _origins(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in value.split(",") if origin.strip())
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        if origin != "*" and (not (scheme and separator and rest) or "/" in rest):
            raise click.BadParameter(
                f"{origin!r} is not a valid origin; expected * or scheme://host[:port] without a path",
                ctx,
                param,
            )
    return origins
