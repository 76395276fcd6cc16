"""The settings that limit requests: time, size and depth."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.inference.limits import Limits
from seldon_runtime.settings.values import Option, option

LIMITS = "Limits"


def limit_options() -> Sequence[Option]:
    """Return the options that :func:`seldon_runtime.settings.derived.limits_from` reads, and the queue's."""
    limits = Limits()
    return [
        option(
            "--timeout",
            "timeout_s",
            envvar="SELDON_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            group=LIMITS,
            common=True,
            help="Longest time of a call in seconds, waiting included; 0: no limit. Clients may set less.",
        ),
        option(
            "--health-timeout",
            "health_timeout_s",
            envvar="SELDON_HEALTH_TIMEOUT_S",
            type=click.FloatRange(0, 86_400, min_open=True),
            default=5.0,
            group=LIMITS,
            help="Longest time of the component's own health_status in seconds, waiting included.",
        ),
        option(
            "--stream-idle-timeout",
            "stream_idle_timeout_s",
            envvar="SELDON_STREAM_IDLE_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            group=LIMITS,
            help="Longest time in seconds until the next item of a stream; 0: no limit.",
        ),
        option(
            "--queue-size",
            envvar="SELDON_QUEUE_SIZE",
            type=click.IntRange(1),
            default=1000,
            group=LIMITS,
            help="Number of calls that may wait for the component; further calls are refused with 503.",
        ),
        option(
            "--max-body-bytes",
            envvar="SELDON_MAX_BODY_BYTES",
            type=click.IntRange(1),
            default=limits.max_body_bytes,
            group=LIMITS,
            help="Largest request body in bytes.",
        ),
        option(
            "--max-request-memory",
            envvar="SELDON_MAX_REQUEST_MEMORY",
            type=click.IntRange(1),
            group=LIMITS,
            help="Most memory in bytes that a request and everything read from it may take, as estimated "
            "before reading; more is refused with 413.  [default: 256 MiB, or 4 times a "
            "larger --max-body-bytes; at most half of --memory-budget]",
        ),
        option(
            "--memory-budget",
            envvar="SELDON_MEMORY_BUDGET",
            type=click.IntRange(1),
            group=LIMITS,
            help="Memory in bytes that all requests under way may take together, in each worker; further "
            "ones are refused with 503.  [default: half of what is free after loading]",
        ),
        option(
            "--max-array-values",
            envvar="SELDON_MAX_ARRAY_VALUES",
            type=click.IntRange(1),
            default=limits.max_array_values,
            group=LIMITS,
            help="Largest number of values in one array of a request.",
        ),
        option(
            "--max-nesting",
            envvar="SELDON_MAX_NESTING",
            type=click.IntRange(1, 250),
            default=limits.max_nesting,
            group=LIMITS,
            help="Deepest nesting of a JSON request.",
        ),
    ]
