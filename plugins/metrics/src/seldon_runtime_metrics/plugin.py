"""The hooks of the metrics plugin. Importing it does not import prometheus-client, which takes long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, nan
from typing import TYPE_CHECKING

import click

from seldon_runtime.plugin import (
    Interceptor,
    Observer,
    Port,
    Service,
    Settings,
    Sockets,
    Transport,
    hookimpl,
    option,
    tls_options,
)

if TYPE_CHECKING:
    from seldon_runtime_metrics.assembly import Assembly


PORT_SETTING = "--metrics-port (PREDICTIVE_UNIT_METRICS_SERVICE_PORT)"


class MetricsPlugin:
    """The hooks of one start, which share one :class:`.Assembly`.

    The plugin manager creates an instance of it for each start.
    """

    def __init__(self) -> None:
        self._assembly: Assembly | None = None

    @hookimpl
    def seldon_options(self) -> Sequence[click.Option]:
        """Return the options of the pages and of custom metrics."""
        return [*_page_options(), *tls_options("--metrics-tls"), *_counting_options()]

    @hookimpl
    def seldon_observer(self, settings: Settings) -> Observer:
        """Return the observer that counts calls."""
        return self._made(settings).observer()

    @hookimpl
    def seldon_interceptor(self, service: Service, settings: Settings) -> Interceptor:
        """Return the interceptor that counts custom metrics."""
        return self._made(settings).interceptor(service)

    @hookimpl
    def seldon_ports(self, settings: Settings) -> Port:
        """Return the port of the pages."""
        return Port(settings["host"], settings["metrics_port"], PORT_SETTING)

    @hookimpl
    def seldon_transport(self, settings: Settings, sockets: Sockets) -> Transport:
        """Return the transport that serves the pages."""
        return self._made(settings).transport(sockets)

    def _made(self, settings: Settings) -> Assembly:
        if self._assembly is None:
            from seldon_runtime_metrics.assembly import Assembly

            self._assembly = Assembly(settings)
        return self._assembly


def _page_options() -> list[click.Option]:
    return [
        option(
            "--metrics-port",
            envvar="PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
            type=click.IntRange(0, 65535),
            default=6000,
            help="Port of the metrics pages; 0 for any free port.",
        ),
        option(
            "--metrics-endpoint",
            envvar="PREDICTIVE_UNIT_METRICS_ENDPOINT",
            default="/metrics",
            callback=_path,
            help="Path of the component's metrics page; /runtime and /all are below it.",
        ),
        option(
            "--metrics-runtime/--no-metrics-runtime",
            envvar="SELDON_METRICS_RUNTIME",
            default=False,
            help="Add the runtime's own metrics to the component's page.",
        ),
        option(
            "--metrics-dir",
            envvar="PROMETHEUS_MULTIPROC_DIR",
            help="Folder through which several processes share a page. The workers of one seldon-run "
            "need none.",
        ),
    ]


def _counting_options() -> list[click.Option]:
    return [
        option(
            "--metrics-strict/--no-metrics-strict",
            envvar="SELDON_METRICS_STRICT",
            default=False,
            help="Fail a call whose custom metric Prometheus cannot hold; by default the metric is dropped.",
        ),
        option(
            "--metrics-max-series",
            envvar="SELDON_METRICS_MAX_SERIES",
            type=click.IntRange(0),
            default=1000,
            help="Most series of custom metrics (key, method and tags); the page leaves out further ones.",
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
            help="Count feedback and rewards; only the value false turns it off.",
        ),
    ]


def _path(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if "?" in value or "#" in value or not value.isascii() or not value.isprintable() or " " in value:
        raise click.BadParameter(f"{value!r} must be a URL path such as /metrics", ctx, param)
    return "/" + value.strip("/")


def _bounds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        bounds = tuple(float(word) for word in value.split(",")) if value.strip() else ()
    except ValueError:
        bounds = (nan,)
    if not all(-inf < low < high < inf for low, high in pairwise((0.0, *bounds))):
        raise click.BadParameter(
            f"{value!r} must be seconds above 0 in ascending order, such as 0.01,0.1,1", ctx, param
        )
    return bounds
