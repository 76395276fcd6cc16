"""The series of one worker, and the page's families made of them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from seldon_runtime_metrics.series import Family, Kind, Series, series_of

Labels = frozenset[tuple[str, str]]


class Store(Collector):
    """Holds series in this process's memory: for the only worker. Thread-safe.

    prometheus-client's own ``Counter`` and ``Histogram`` have a lock for each number, look for a bucket
    from the first on, and have one set of label names for a family, while the tags of the protocol's
    metrics may differ from call to call.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held while numbers change; :meth:`Series.update` needs it."""
        self._names = CollectorRegistry()
        self._families: dict[str, Family] = {}
        self._series: dict[tuple[str, Labels], Series] = {}
        self._making = threading.Lock()
        self._numbers: list[float] = []

    @property
    def names(self) -> Collection[str]:
        """Of the declared families."""
        return self._families.keys()

    def declare(self, family: Family) -> Family:
        """Reserve the family's name, and those of its samples.

        Raises:
            ValueError: another family has one of them.
        """
        with self._making:
            self._names.register(_Declared(family))
            self._families[family.name] = family
        return family

    def series(self, family: Family, labels: Mapping[str, str]) -> Series:
        """The series of a declared family with these labels, made if it is new; it begins with 0.

        Raises:
            OSError: there is no room for a new one.
        """
        key = family.name, frozenset(labels.items())
        with self._making:
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = self._new(family, labels)
            return series

    def kept(self) -> Iterable[tuple[str, Labels]]:
        """Family and labels of series that were made before this worker began."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All families that have series, as prometheus-client's multiprocess mode makes them from files."""
        with self._making:
            series = list(self._series.items())
            families = {name: _metric(family) for name, family in self._families.items()}
        with self.lock:
            numbers = list(self._numbers)
        for (name, labels), one in series:
            values = [numbers[place] for place in one.places]
            _add_samples(families[name], self._families[name], dict(labels), values)
        return [family for family in families.values() if family.samples]

    def _new(self, family: Family, labels: Mapping[str, str]) -> Series:
        first = len(self._numbers)
        with self.lock:
            self._numbers.extend(0.0 for _ in family.samples(labels) for _ in range(2))
        return series_of(family, self._numbers, tuple(range(first, len(self._numbers), 2)))


def _metric(family: Family) -> Metric:
    return Metric(family.name, family.documentation, family.kind.type)


def _add_samples(metric: Metric, family: Family, labels: dict[str, str], values: list[float]) -> None:
    if family.kind is Kind.HISTOGRAM:
        total, *buckets = values
        values = [total, *accumulate(buckets)]
        metric.add_sample(f"{family.name}_count", labels, values[-1])
    for (name, sample_labels), value in zip(family.samples(labels), values, strict=True):
        metric.add_sample(name, dict(sample_labels), value)


class _Declared(Collector):
    """Lets a registry find out whether the names are free."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def describe(self) -> Iterable[Metric]:
        return [_metric(self._family)]

    def collect(self) -> Iterable[Metric]:
        return []
