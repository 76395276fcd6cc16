"""Hooks of the REST plugin. What serves is imported when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings, option
from seldon_runtime.transport import Transport

_SECONDS = click.FloatRange(0, 86_400, min_open=True)


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Ports, CORS and the look of the JSON."""
    return [
        option(
            "--http-port",
            envvar="PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            help="Port of the REST transport; without it, --service-port counts.",
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
            help="Hand predict_raw the undecoded body.",
        ),
        option(
            "--non-finite",
            envvar="SELDON_NON_FINITE",
            type=click.Choice(["null", "string", "error"], case_sensitive=False),
            default="null",
            help='NaN and infinities in answers: null, texts such as "NaN", or an error.',
        ),
        option(
            "--json-sort-keys/--no-json-sort-keys",
            envvar="FLASK_JSON_SORT_KEYS",
            default=True,
            help="Answer with sorted keys.",
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
            help="Seconds that an idle connection is kept.",
        ),
        option(
            "--http-max-connection-age",
            "http_max_connection_age_s",
            envvar="SELDON_HTTP_MAX_CONNECTION_AGE_S",
            type=click.FloatRange(0, 86_400),
            default=60.0,
            help="Seconds after which an answer tells the client to connect anew, which spreads the load; "
            "0: never.",
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
            help="Seconds in each of which so many KiB of a request must come, or of an answer be taken.",
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
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> Transport:
    """The HTTP server."""
    from seldon_runtime_rest.transport import RestTransport  # uvicorn's import is worth avoiding for --help

    return RestTransport(service, settings)


def _origins(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in value.split(",") if origin.strip())
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        if origin != "*" and (not (scheme and separator and rest) or "/" in rest):
            raise click.BadParameter(
                f"{origin!r} is no origin; expected * or scheme://host[:port] without a path", ctx, param
            )
    return origins
