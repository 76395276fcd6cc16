"""How the parts of the plugin fit together in one process."""

from __future__ import annotations

import platform
import time

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from seldon_runtime import __version__
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_metrics.custom import CustomMetrics
from seldon_runtime_metrics.exposition import MetricsTransport
from seldon_runtime_metrics.instruments import Instruments
from seldon_runtime_metrics.labels import custom_labels, identity_labels
from seldon_runtime_metrics.observing import CustomMetricsInterceptor, RuntimeObserver
from seldon_runtime_metrics.page import Page, Part
from seldon_runtime_metrics.sampling import Sampler
from seldon_runtime_metrics.shared import SharedFolder

INFO = "seldon_runtime_info"


class Assembly:
    """Made once for each start; its methods are called in the order of the hooks, each once.

    Args:
        settings: the plugin's and the core's.

    Raises:
        StartupError: the workers' folder cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folder: str | None = settings["metrics_dir"]
        self._shared = SharedFolder(folder) if folder else None  # before any metric is made
        self._registry = CollectorRegistry()
        self._instruments = Instruments(self._registry, self._shared.files("calls") if self._shared else None)
        self._load_began: float | None = None

    def load_begins(self) -> None:
        """On the component's thread, before the class is imported."""
        self._load_began = time.perf_counter()

    def observer(self) -> RuntimeObserver:
        """The component has been loaded."""
        if self._load_began is not None:
            self._instruments.load.set(time.perf_counter() - self._load_began)
        return RuntimeObserver(self._instruments)

    def interceptor(self, service: Service) -> CustomMetricsInterceptor:
        """The component's identity is known from here on."""
        info = _Info(service)
        self._registry.register(info)
        custom = CustomMetrics(
            custom_labels(service.identity),
            self._registry,
            self._instruments,
            max_series=self._settings["metrics_max_series"],
            strict=self._settings["metrics_strict"],
            known=self._known_series(),
        )
        calls = CustomMetricsInterceptor(custom, count_feedback=self._settings["metrics_feedback"])
        self._sampler = Sampler(self._instruments, service.executor, calls, custom)
        self._page = Page(
            [info, self._shared] if self._shared else [self._registry],
            self._instruments.names | {INFO},
            self._sampler.sample,
        )
        return calls

    def _known_series(self) -> set[tuple[str, str]]:
        known = self._shared.known_series() if self._shared else ()
        return {series for series in known if series[0] not in self._instruments.names}

    def transport(self) -> MetricsTransport:
        """The page, and below it one of the runtime's metrics alone."""
        endpoint: str = self._settings["metrics_endpoint"]
        part = Part.ALL if self._settings["metrics_runtime"] else Part.CUSTOM
        return MetricsTransport(
            self._page,
            {endpoint: part, f"{endpoint.rstrip('/')}/runtime": Part.RUNTIME},
            self._settings["host"],
            self._settings["metrics_port"],
            self._sampler if self._shared else None,
        )


class _Info(Collector):
    """A constant 1 whose labels say what is served; the same in every worker."""

    def __init__(self, service: Service) -> None:
        self._labels = {
            "version": __version__,
            "python": platform.python_version(),
            "service_type": service.component.service_type.value,
            **identity_labels(service.identity),
        }

    def describe(self) -> list[Metric]:
        return [GaugeMetricFamily(INFO, "What is served: a constant 1.")]

    def collect(self) -> list[Metric]:
        family = GaugeMetricFamily(INFO, "What is served: a constant 1.", labels=list(self._labels))
        family.add_metric(list(self._labels.values()), 1)
        return [family]
