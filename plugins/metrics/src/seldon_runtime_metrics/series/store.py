"""The series of one worker in memory, and the families made from them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from seldon_runtime_metrics.series.default_registry import user_families
from seldon_runtime_metrics.series.families import Number, families
from seldon_runtime_metrics.series.series import Family, Kind, Series, series_of

Labels = frozenset[tuple[str, str]]


class SingleMetric(Collector):
    """A collector of one metric; its registry refuses further metrics with the same sample names."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def describe(self) -> Iterable[Metric]:
        """Return the metric, for its name and type."""
        return [self._metric]

    def collect(self) -> Iterable[Metric]:
        """Return the metric with its samples."""
        return [self._metric]


class Store(Collector):
    """Series in the memory of this process, for a run with one worker. Thread-safe.

    prometheus-client's own ``Counter`` and ``Histogram`` hold a lock for each number, search buckets from the
    first one on, and have one set of label names for a family. The protocol's metrics may have other tags in
    each call.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while numbers change; callers of :meth:`Series.update` must hold it."""
        self._names = CollectorRegistry()
        self._families: dict[str, Family] = {}
        self._custom_samples: dict[str, str] = {}
        """Sample names of custom families, and the families' names."""
        self._series: dict[tuple[Family, Labels], Series] = {}
        self._making = threading.Lock()
        self._numbers: list[float] = []

    @property
    def names(self) -> Collection[str]:
        """Return the names of the declared families."""
        return self._families.keys()

    def declare(self, family: Family) -> Family:
        """Reserve the names of the family and its samples.

        Custom families of several types may have one name, as a COUNTER and a GAUGE with one key have in the
        Seldon v1 protocol: their samples have different names.

        Raises:
            ValueError: another family has one of these names.
        """
        with self._making:
            samples = {sample for sample, _ in family.samples({})} | family.further_samples
            if taken := samples & self._custom_samples.keys():
                raise ValueError(f"another metric has a sample {min(taken)}")
            if not family.is_custom or family.name not in self._custom_samples.values():
                self._names.register(
                    SingleMetric(Metric(family.name, family.documentation, family.kind.type))
                )
                self._families[family.name] = family
            if family.is_custom:
                self._custom_samples |= dict.fromkeys(samples, family.name)
        return family

    def series(self, family: Family, labels: Mapping[str, str]) -> Series:
        """Return the series of a declared family with these labels; a new one begins at 0.

        Raises:
            OSError: no room for a new series.
        """
        key = family, frozenset(labels.items())
        with self._making:
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = self._new(family, labels)
            return series

    def inherited(self) -> Iterable[tuple[str, Kind, Labels]]:
        """Return family name, kind and labels of each series that existed before this worker started."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield all families that have series, then those of prometheus-client's default registry."""
        yield from self._collect_own()
        yield from user_families()

    def _collect_own(self) -> Iterable[Metric]:
        for kind in Kind:
            yield from families(kind, self._numbers_of(kind))

    def _numbers_of(self, kind: Kind) -> Iterable[Number]:
        with self._making:
            made = [(family, dict(labels), one) for (family, labels), one in self._series.items()]
        with self.lock:
            numbers = list(self._numbers)
        for family, own_labels, series in made:
            if family.kind is kind:
                for (sample, labels), place in zip(family.samples(own_labels), series.places, strict=True):
                    yield Number(family.name, family.documentation, sample, dict(labels), numbers[place])

    def _new(self, family: Family, labels: Mapping[str, str]) -> Series:
        first = len(self._numbers)
        with self.lock:
            self._numbers.extend(0.0 for _ in family.samples(labels) for _ in range(2))
        return series_of(family, self._numbers, tuple(range(first, len(self._numbers), 2)))
