"""The component's own metrics and its rewards, counted."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method, Metric
from seldon_runtime_metrics.family import Family, Update
from seldon_runtime_metrics.faults import NAME_TAKEN, TOO_MANY_SERIES, Fault, name_fault, value_fault
from seldon_runtime_metrics.instruments import Instruments

logger = logging.getLogger(__name__)

_Key = tuple[str, str, Method, frozenset[tuple[str, str]]]
"""Type, name, method and tags: one series."""


@dataclass(frozen=True, slots=True)
class _NewSeries:
    """One that may be made once all metrics of its call are found good."""

    key: _Key
    family: Family
    labels: Mapping[str, str]


class CustomMetrics:
    """Counts what user code measured. Thread-safe; made once the component's labels are known.

    Args:
        labels: of every series, besides ``method`` and the metric's own tags, which cannot replace them.
        registry: knows which names are taken; families are registered in it.
        instruments: told what is dropped.
        max_series: how many series there may be; samples of further ones are dropped.
        strict: whether a metric that Prometheus cannot hold is an error of the call.
        known: family and labels (sorted JSON) of series that count already, though they are not used yet.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        registry: CollectorRegistry,
        instruments: Instruments,
        *,
        max_series: int,
        strict: bool,
        known: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._labels = labels
        self._registry = registry
        self._instruments = instruments
        self._max_series = max_series
        self._strict = strict
        self._series: dict[_Key, Update] = {}
        self._known = set(known)
        self._families: dict[tuple[str, str], Family] = {}
        self._admission = threading.Lock()
        self._logged: set[str] = set()
        self._feedback = self._family("COUNTER", "seldon_api_model_feedback", "Feedback with a reward.")
        self._reward = self._family("COUNTER", "seldon_api_model_feedback_reward", "Sum of the rewards.")

    @property
    def series(self) -> int:
        """How many series user code has made."""
        return len(self._series) + len(self._known)

    def count(self, method: Method, metrics: Sequence[Metric]) -> None:
        """Count the metrics of one call: all of them, or those that Prometheus can hold.

        Raises:
            SeldonError: BAD_METRIC for one that it cannot hold, when that is an error; then none counts.
        """
        accepted: list[tuple[Update | _NewSeries, float]] = []
        for metric in metrics:
            target = value_fault(metric) or self._target(method, metric)
            if isinstance(target, Fault):
                self._drop(target)
            else:
                accepted.append((target, metric.value))
        for target, value in accepted:
            update = self._make(target) if isinstance(target, _NewSeries) else target
            if update is not None:
                update(value)

    def count_reward(self, reward: float) -> None:
        """Count one feedback with a reward that is not 0. A negative one is not in the protocol's sum,
        for a counter cannot go down, but in a sum of its own."""
        labels = {**self._labels, "method": Method.SEND_FEEDBACK.label}
        with self._admission:
            feedback, total = self._feedback.series(labels), self._reward.series(labels)
        feedback(1)
        if not math.isfinite(reward):
            logger.warning("a reward of %s is not added up", reward)
        elif reward > 0:
            total(reward)
        else:
            self._instruments.penalty.inc(-reward)

    def _target(self, method: Method, metric: Metric) -> Update | _NewSeries | Fault:
        key = metric.type, metric.key, method, frozenset(metric.tags.items())
        return self._series.get(key) or self._checked(method, metric)

    def _checked(self, method: Method, metric: Metric) -> Update | _NewSeries | Fault:
        """Of a metric that is new, or whose tags are not all kept."""
        fault = name_fault(metric)
        if fault is not None:
            return fault
        name = metric.key.removesuffix("_total") if metric.type == "COUNTER" else metric.key
        # Prometheus takes an empty label for none: two series would be one to it.
        tags = {tag: value for tag, value in metric.tags.items() if value and tag not in self._labels}
        tags.pop("method", None)
        key = metric.type, name, method, frozenset(tags.items())
        with self._admission:
            if key in self._series:
                return self._series[key]
            try:
                family = self._family(metric.type, name)
            except ValueError:
                return Fault(NAME_TAKEN, f"key {metric.key!r} is the name of another metric already")
        return _NewSeries(key, family, {**tags, **self._labels, "method": method.label})

    def _make(self, new: _NewSeries) -> Update | None:
        """The series; None when there are too many."""
        with self._admission:
            if new.key in self._series:
                return self._series[new.key]
            identity = new.key[1], json.dumps(new.labels, sort_keys=True)
            if self.series < self._max_series or identity in self._known:
                self._known.discard(identity)
                return self._series.setdefault(new.key, new.family.series(new.labels))
        self._drop(
            Fault(
                TOO_MANY_SERIES,
                f"{self._max_series} series exist already, and tags with ever new values make ever new "
                "ones. SELDON_METRICS_MAX_SERIES sets the limit",
            )
        )
        return None

    def _family(self, metric_type: str, name: str, documentation: str | None = None) -> Family:
        """Raises ValueError when a name it needs is taken."""
        family = self._families.get((metric_type, name))
        if family is None:
            family = Family(metric_type, name, documentation)
            self._registry.register(family)
            self._families[metric_type, name] = family
        return family

    def _drop(self, fault: Fault) -> None:
        self._instruments.dropped[fault.reason].inc()
        if self._strict and fault.reason != TOO_MANY_SERIES:
            raise SeldonError(
                f"a metric of the component cannot be counted: {fault.text}", code=ErrorCode.BAD_METRIC
            )
        if fault.reason not in self._logged:
            self._logged.add(fault.reason)
            logger.warning(
                "a metric of the component is not counted: %s. Further ones of this kind (%s) are only "
                "counted in seldon_runtime_custom_metrics_dropped_total",
                fault.text,
                fault.reason,
            )
