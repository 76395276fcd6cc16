"""Hooks of the metrics plugin. prometheus-client is imported when the first of them needs it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, nan
from typing import TYPE_CHECKING

import click

from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.observer import Interceptor, Observer
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings, option
from seldon_runtime.transport import Transport

if TYPE_CHECKING:
    from seldon_runtime_metrics.assembly import Assembly

_last: tuple[Settings, Assembly] | None = None


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Where the page is, and what stands on it."""
    return [
        option(
            "--metrics-port",
            envvar="PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            default=6000,
            help="Port of the metrics page; 0: any free one.",
        ),
        option(
            "--metrics-endpoint",
            envvar="PREDICTIVE_UNIT_METRICS_ENDPOINT",
            default="/metrics",
            callback=_path,
            help="Path of the metrics page.",
        ),
        option(
            "--metrics-runtime/--no-metrics-runtime",
            envvar="SELDON_METRICS_RUNTIME",
            default=False,
            help="Whether the page holds the runtime's metrics too; /runtime and /all below it always do.",
        ),
        option(
            "--metrics-strict/--no-metrics-strict",
            envvar="SELDON_METRICS_STRICT",
            default=False,
            help="Whether a custom metric that Prometheus cannot hold fails the call; else it is left out.",
        ),
        option(
            "--metrics-max-series",
            envvar="SELDON_METRICS_MAX_SERIES",
            type=click.IntRange(0),
            default=1000,
            help="Most series of custom metrics (key, method and tags); further ones are left out.",
        ),
        option(
            "--metrics-timer-buckets",
            envvar="SELDON_METRICS_TIMER_BUCKETS",
            default="",
            callback=_bounds,
            help="Upper bounds of the buckets of custom TIMERs in seconds, such as 0.01,0.1,1."
            "  [default: 50 from 0.001 to 30]",
        ),
        option(
            "--metrics-feedback",
            envvar="SELDON_EXECUTOR_ENABLED",
            default="true",
            callback=lambda ctx, param, value: value.strip().lower() != "false",
            help="Whether feedback and rewards are counted: only false turns it off.",
        ),
        option(
            "--metrics-dir",
            envvar="PROMETHEUS_MULTIPROC_DIR",
            help="Folder through which several workers share one page.",
        ),
    ]


@hookimpl
def seldon_load_component(settings: Settings) -> None:
    """Loads nothing: the load begins now, and its time is a metric."""
    _assembly(settings).load_begins()


@hookimpl
def seldon_observer(settings: Settings) -> Observer:
    """Counts calls."""
    return _assembly(settings).observer()


@hookimpl
def seldon_interceptor(service: Service, settings: Settings) -> Interceptor:
    """Counts custom metrics."""
    return _assembly(settings).interceptor(service)


@hookimpl
def seldon_transport(settings: Settings) -> Transport:
    """Serves the page."""
    return _assembly(settings).transport()


def _assembly(settings: Settings) -> Assembly:
    """What the hooks of one start share."""
    global _last
    from seldon_runtime_metrics.assembly import Assembly

    if _last is None or _last[0] is not settings:
        _last = settings, Assembly(settings)
    return _last[1]


def _path(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if "?" in value or "#" in value or not value.isascii() or not value.isprintable() or " " in value:
        raise click.BadParameter(f"{value!r} is no path; expected one such as /metrics", ctx, param)
    return "/" + value.strip("/")


def _bounds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        bounds = tuple(float(word) for word in value.split(",")) if value.strip() else ()
    except ValueError:
        bounds = (nan,)
    if not all(-inf < low < high < inf for low, high in pairwise((0.0, *bounds))):
        raise click.BadParameter(
            f"{value!r} are no bounds; expected seconds above 0, ascending, such as 0.01,0.1,1", ctx, param
        )
    return bounds
