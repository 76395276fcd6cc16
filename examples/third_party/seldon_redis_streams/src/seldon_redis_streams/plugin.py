"""Hooks of the plugin. redis-py is imported when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.plugin import Service, Settings, Transport, hookimpl, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the settings: the address of Redis, the streams, and how often an entry is tried."""
    return [
        option(
            "--streams-url",
            envvar="SELDON_STREAMS_URL",
            default="redis://localhost:6379/0",
            help="redis://, rediss:// (TLS) or unix:// address, with user and password.",
        ),
        option(
            "--streams-requests",
            envvar="SELDON_STREAMS_REQUESTS",
            default="seldon:requests",
            help="Stream of requests; created when it does not exist.",
        ),
        option(
            "--streams-group",
            envvar="SELDON_STREAMS_GROUP",
            default="seldon",
            help="Consumer group: all processes of one component share the requests.",
        ),
        option(
            "--streams-dead",
            envvar="SELDON_STREAMS_DEAD",
            help="Stream of entries that failed every attempt.  [default: that of requests, with :dead]",
        ),
        option(
            "--streams-attempts",
            envvar="SELDON_STREAMS_ATTEMPTS",
            type=click.IntRange(1),
            default=3,
            help="Attempts before an entry goes to the dead letters.",
        ),
        option(
            "--streams-claim-after",
            "streams_claim_after_s",
            envvar="SELDON_STREAMS_CLAIM_AFTER_S",
            type=click.FloatRange(0.1),
            default=60.0,
            help="Seconds after which another process claims the entries of a dead one.",
        ),
        option(
            "--streams-in-flight",
            envvar="SELDON_STREAMS_IN_FLIGHT",
            type=click.IntRange(1),
            default=32,
            help="Most entries that this process holds; --queue-size bounds them too.",
        ),
        option(
            "--streams-reply-ttl",
            "streams_reply_ttl_s",
            envvar="SELDON_STREAMS_REPLY_TTL_S",
            type=click.IntRange(1),
            default=3600,
            help="Seconds that Redis keeps a reply.",
        ),
        option(
            "--streams-timeout",
            "streams_timeout_s",
            envvar="SELDON_STREAMS_TIMEOUT_S",
            type=click.FloatRange(0.1),
            default=10.0,
            help="Seconds to wait for a connection and for an answer of Redis.",
        ),
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> Transport:
    """Return the transport; it connects when it starts."""
    from seldon_redis_streams.transport import StreamsTransport

    return StreamsTransport(service, settings)
