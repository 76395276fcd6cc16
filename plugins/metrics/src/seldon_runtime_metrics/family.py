"""One custom metric: all its series, each with labels of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_FIRST_S, _LAST_S, _STEPS = 0.001, 30.0, 49
BOUNDS_S: Final = tuple(
    float(f"{_FIRST_S * (_LAST_S / _FIRST_S) ** (step / _STEPS):.9g}") for step in range(_STEPS + 1)
)
"""Upper bounds of a TIMER's buckets in seconds (protocol notes, section Metrics)."""

_HELP = {
    "COUNTER": "Custom counter of the component.",
    "GAUGE": "Custom gauge of the component: its last value.",
    "TIMER": "Custom timer of the component, in seconds.",
}
_PROMETHEUS_TYPE = {"COUNTER": "counter", "GAUGE": "gauge", "TIMER": "histogram"}

Update = Callable[[float], None]
"""Counts one value, as the component gave it. Thread-safe, does not block, must be given a fitting value."""


class Family(Collector):
    """A collector for series of one name and type whose label names differ.

    prometheus-client's metrics have fixed label names; the tags of the protocol's metrics
    may differ from call to call. So there is one such metric for each set of label names.

    Args:
        metric_type: COUNTER, GAUGE or TIMER.
        name: without ``_total``.
        documentation: the page's HELP.
    """

    def __init__(self, metric_type: str, name: str, documentation: str | None = None) -> None:
        self._type = metric_type
        self._name = name
        self._documentation = documentation or _HELP[metric_type]
        self._parts: dict[tuple[str, ...], Counter | Gauge | Histogram] = {}

    def series(self, labels: Mapping[str, str]) -> Update:
        """The series with these labels, made if it is new. Not for two threads at once."""
        names = tuple(sorted(labels))
        part = self._parts.get(names) or self._parts.setdefault(names, self._part(names))
        child = part.labels(*(labels[name] for name in names))
        if isinstance(child, Counter):
            return child.inc
        if isinstance(child, Gauge):
            return child.set
        timer = child
        return lambda value_ms: timer.observe(value_ms / 1000)

    def describe(self) -> Iterable[Metric]:
        """Lets a registry find out whether the name is free."""
        return [Metric(self._name, self._documentation, _PROMETHEUS_TYPE[self._type])]

    def collect(self) -> Iterable[Metric]:
        """The family with its series."""
        (family,) = self.describe()
        for part in list(self._parts.values()):
            for metric in part.collect():
                family.samples.extend(metric.samples)
        return [family]

    def _part(self, names: tuple[str, ...]) -> Counter | Gauge | Histogram:
        arguments = (self._name, self._documentation, names)
        if self._type == "COUNTER":
            return Counter(*arguments, registry=None)
        if self._type == "GAUGE":
            return Gauge(*arguments, registry=None, multiprocess_mode="mostrecent")
        return Histogram(*arguments, registry=None, buckets=BOUNDS_S)
