"""The settings of worker processes, component threads and the end of a process."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.core import ParameterSource

from seldon_runtime.settings.values import Option, option

PROCESSES = "Processes"
COMPONENT_THREADS = ("own", "main")


def process_options() -> Sequence[Option]:
    """Return the options that set how many processes and threads there are, and how they end."""
    return [
        option(
            "--workers",
            envvar=["SELDON_WORKERS", "GUNICORN_WORKERS"],
            type=click.IntRange(0, 1000),
            default=1,
            callback=_workers,
            group=PROCESSES,
            common=True,
            help="Number of worker processes; each loads its own component. 0 counts as 1.",
        ),
        option(
            "--devices",
            envvar="SELDON_DEVICES",
            default="",
            callback=_devices,
            is_eager=True,  # the number of workers depends on it
            group=PROCESSES,
            help="GPUs, such as 0,1: each worker sees one. Without --workers, there is a worker for each.",
        ),
        option(
            "--threads",
            envvar=["SELDON_THREADS", "GUNICORN_THREADS"],
            type=click.IntRange(0, 1000),
            default=1,
            callback=_at_least_one,
            group=PROCESSES,
            help="Number of threads that call the component; 0 counts as 1. More need a thread-safe class.",
        ),
        option(
            "--concurrency",
            envvar="SELDON_CONCURRENCY",
            type=click.IntRange(1, 100_000),
            default=100,
            group=PROCESSES,
            help="Number of calls of async methods that may be under way; further calls wait in the queue.",
        ),
        option(
            "--component-thread",
            envvar="SELDON_COMPONENT_THREAD",
            type=click.Choice(COMPONENT_THREADS, case_sensitive=False),
            default="own",
            group=PROCESSES,
            help="Thread of the component: its own, or the main thread, which some libraries need.",
        ),
        option(
            "--load-sequentially/--no-load-sequentially",
            envvar="SELDON_LOAD_SEQUENTIALLY",
            default=False,
            group=PROCESSES,
            help="Load the workers one after the other.",
        ),
        option(
            "--max-requests",
            envvar=["SELDON_MAX_REQUESTS", "GUNICORN_MAX_REQUESTS"],
            type=click.IntRange(0),
            default=0,
            group=PROCESSES,
            help="Restart a worker after this many calls; 0: never.",
        ),
        option(
            "--max-requests-jitter",
            envvar=["SELDON_MAX_REQUESTS_JITTER", "GUNICORN_MAX_REQUESTS_JITTER"],
            type=click.IntRange(0),
            default=0,
            group=PROCESSES,
            help="Add a random number of calls, up to this one, to --max-requests, so that "
            "workers do not restart at the same time.",
        ),
        option(
            "--grace",
            "grace_s",
            envvar="SELDON_GRACE_S",
            type=click.FloatRange(0, 86_400),
            default=20.0,
            group=PROCESSES,
            common=True,
            help="Time in seconds for accepted calls to finish after SIGTERM.",
        ),
        option(
            "--drain-delay",
            "drain_delay_s",
            envvar="SELDON_DRAIN_DELAY_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            group=PROCESSES,
            help="After SIGTERM, serve for this many seconds while not ready, so that load balancers notice.",
        ),
        option(
            "--hang-timeout",
            "hang_timeout_s",
            envvar="SELDON_HANG_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=0.0,
            group=PROCESSES,
            help="Restart the process when a call runs longer than this many seconds; 0: never.",
        ),
        option(
            "--heartbeat-timeout",
            "heartbeat_timeout_s",
            envvar="SELDON_HEARTBEAT_TIMEOUT_S",
            type=click.FloatRange(0, 86_400),
            default=10.0,
            group=PROCESSES,
            help="Restart a worker that gives no sign of life for this many seconds; 0: never.",
        ),
        option(
            "--reload/--no-reload",
            envvar="SELDON_RELOAD",
            default=False,
            group=PROCESSES,
            help="For development: restart the worker when a Python file changes.",
        ),
    ]


def _devices(ctx: click.Context, param: click.Parameter, value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of devices in a text with commas."""
    names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) and value else value
    if not all(names):
        raise click.BadParameter(f"{value!r:.80} has an empty name, expected devices such as 0,1", ctx, param)
    return tuple(names)


def _workers(ctx: click.Context, param: click.Parameter, value: int) -> int:
    """Return the number of workers: by default one for each device."""
    if ctx.get_parameter_source("workers") is ParameterSource.DEFAULT:
        return max(value, len(ctx.params.get("devices", ())))
    return _at_least_one(ctx, param, value)


def _at_least_one(ctx: click.Context, param: click.Parameter, value: int) -> int:
    """Take 0 as 1: the servers of earlier images read it as "not several"."""
    return max(1, value)
