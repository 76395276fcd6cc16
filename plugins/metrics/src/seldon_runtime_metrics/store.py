"""The series of one worker, and the page's families made of them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from seldon_runtime_metrics.default_registry import user_families
from seldon_runtime_metrics.merging import Number, families
from seldon_runtime_metrics.series import Family, Kind, Series, series_of

Labels = frozenset[tuple[str, str]]


class One(Collector):
    """One metric. A registry that has it lets no other one have its names."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def describe(self) -> Iterable[Metric]:
        """Its name and type."""
        return [self._metric]

    def collect(self) -> Iterable[Metric]:
        """With its samples."""
        return [self._metric]


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
            self._names.register(One(Metric(family.name, family.documentation, family.kind.type)))
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
        """All families that have series; then what user code measures with prometheus-client itself."""
        yield from self._collect_own()
        yield from user_families()

    def _collect_own(self) -> Iterable[Metric]:
        for kind in Kind:
            yield from families(kind, self._numbers_of(kind))

    def _numbers_of(self, kind: Kind) -> Iterable[Number]:
        with self._making:
            made = [(self._families[name], dict(labels), one) for (name, labels), one in self._series.items()]
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
