"""The settings of processes, threads and their ends."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.settings import option


def life_options() -> Sequence[click.Option]:
    """How many processes and threads there are, and how they end."""
    return [
        option(
            "--workers",
            envvar=["SELDON_WORKERS", "GUNICORN_WORKERS"],
            type=click.IntRange(1, 1000),
            default=1,
            help="Processes that serve; each loads the component for itself.",
        ),
        option(
            "--threads",
            envvar=["SELDON_THREADS", "GUNICORN_THREADS"],
            type=click.IntRange(1, 1000),
            default=1,
            help="Threads that call the component; more than one only if it is thread-safe.",
        ),
        option(
            "--load-sequentially/--no-load-sequentially",
            envvar="SELDON_LOAD_SEQUENTIALLY",
            default=False,
            help="Whether workers load one after the other.",
        ),
        option(
            "--max-requests",
            envvar=["SELDON_MAX_REQUESTS", "GUNICORN_MAX_REQUESTS"],
            type=click.IntRange(0),
            default=0,
            help="Calls after which a worker is replaced; 0: never.",
        ),
        option(
            "--max-requests-jitter",
            envvar=["SELDON_MAX_REQUESTS_JITTER", "GUNICORN_MAX_REQUESTS_JITTER"],
            type=click.IntRange(0),
            default=0,
            help="Up to how many calls more, at random, so that not all are replaced at once.",
        ),
        option(
            "--queue-size",
            envvar="SELDON_QUEUE_SIZE",
            type=click.IntRange(1),
            default=1000,
            help="Calls that may wait for the component; further ones are refused.",
        ),
        option(
            "--grace",
            "grace_s",
            envvar="SELDON_GRACE_S",
            type=click.FloatRange(0, 86_400),
            default=20.0,
            help="Seconds that accepted calls have to finish after SIGTERM.",
        ),
        option(
            "--reload/--no-reload",
            envvar="SELDON_RELOAD",
            default=False,
            help="For development: load the class anew when a Python file changes.",
        ),
        option(
            "--drain-delay",
            "drain_delay_s",
            envvar="SELDON_DRAIN_DELAY_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            help="Seconds to serve on, not ready, after SIGTERM: until load balancers have noticed.",
        ),
        option(
            "--hang-timeout",
            "hang_timeout_s",
            envvar="SELDON_HANG_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            help="Seconds that a call may run before its process counts as hung and is replaced; 0: any.",
        ),
    ]
