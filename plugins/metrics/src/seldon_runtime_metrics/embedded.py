"""The counting of a component's metrics without a server, for programs that call one themselves. Public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from seldon_runtime.plugin import Identity, Method, Metric
from seldon_runtime_metrics.custom.counting import CustomMetrics
from seldon_runtime_metrics.custom.labels import custom_labels
from seldon_runtime_metrics.page.page import Page, Part
from seldon_runtime_metrics.runtime.instruments import Instruments
from seldon_runtime_metrics.series.store import Store

__all__ = ["EmbeddedMetrics"]

_MAX_SERIES = 1000


class EmbeddedMetrics(Collector):
    """Counts the metrics of one component in memory. Thread-safe.

    Args:
        identity: the component's names, for the labels.
        further_labels: more labels of every series.
        max_series: limit of series; samples of further series are dropped.
    """

    def __init__(
        self,
        identity: Identity,
        further_labels: Mapping[str, str] | None = None,
        *,
        max_series: int = _MAX_SERIES,
    ) -> None:
        self._store = Store()
        instruments = Instruments(self._store)
        self._names = instruments.names
        labels = {**(further_labels or {}), **custom_labels(identity)}
        self._custom = CustomMetrics(labels, self._store, instruments, max_series=max_series)
        self._page = Page(self._store, self._names, lambda: None)

    def count(self, method: Method, metrics: Sequence[Metric]) -> None:
        """Count the metrics of one call; those that Prometheus cannot hold are logged and dropped."""
        self._custom.count(method, metrics)

    def count_reward(self, reward: float) -> None:
        """Count one feedback and its reward."""
        self._custom.count_reward(reward)

    def collect(self) -> Iterable[Family]:
        """Return the families with a sample, for a registry of prometheus-client."""
        return [
            family for family in self._store.collect() if family.samples and family.name not in self._names
        ]

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """Return the text of the protocol's page and its content type.

        Args:
            accept: the Accept header; OpenMetrics if it asks for it, else Prometheus' text.
        """
        return self._page.render(accept, Part.CUSTOM)
