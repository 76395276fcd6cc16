"""Hooks of the plugin. redis-py is imported when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from seldon_runtime import hookimpl
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.transport import Transport


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Where Redis and the streams are, and how often an entry is tried."""
    return [
        _option(
            "--streams-url",
            envvar="SELDON_STREAMS_URL",
            default="redis://localhost:6379/0",
            help="redis://, rediss:// (TLS) or unix:// address, with user and password.",
        ),
        _option(
            "--streams-requests",
            envvar="SELDON_STREAMS_REQUESTS",
            default="seldon:requests",
            help="Stream of requests; made when it is not there.",
        ),
        _option(
            "--streams-group",
            envvar="SELDON_STREAMS_GROUP",
            default="seldon",
            help="Consumer group: all processes of one component share the requests.",
        ),
        _option(
            "--streams-dead",
            envvar="SELDON_STREAMS_DEAD",
            help="Stream of entries that were given up.  [default: that of requests, with :dead]",
        ),
        _option(
            "--streams-attempts",
            envvar="SELDON_STREAMS_ATTEMPTS",
            type=click.IntRange(1),
            default=3,
            help="How often an entry is tried before it is given up.",
        ),
        _option(
            "--streams-claim-after",
            "streams_claim_after_s",
            envvar="SELDON_STREAMS_CLAIM_AFTER_S",
            type=click.FloatRange(0.1),
            default=60.0,
            help="Seconds after which what a dead process has not finished is taken over.",
        ),
        _option(
            "--streams-in-flight",
            envvar="SELDON_STREAMS_IN_FLIGHT",
            type=click.IntRange(1),
            default=32,
            help="Entries that this process holds at most; --queue-size bounds them too.",
        ),
        _option(
            "--streams-reply-ttl",
            "streams_reply_ttl_s",
            envvar="SELDON_STREAMS_REPLY_TTL_S",
            type=click.IntRange(1),
            default=3600,
            help="Seconds that replies are kept for those who asked.",
        ),
        _option(
            "--streams-timeout",
            "streams_timeout_s",
            envvar="SELDON_STREAMS_TIMEOUT_S",
            type=click.FloatRange(0.1),
            default=10.0,
            help="Seconds that Redis has to connect and to answer.",
        ),
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> Transport:
    """The transport; it connects when it is started."""
    from seldon_redis_streams.transport import StreamsTransport

    return StreamsTransport(service, settings)


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, show_envvar=True, show_default=True, **attributes)
