"""The component's own metrics and its rewards, counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method, Metric
from seldon_runtime_metrics.faults import (
    NAME_TAKEN,
    NO_ROOM,
    NOT_THE_METRICS_FAULT,
    TOO_MANY_SERIES,
    Fault,
    name_fault,
    value_fault,
)
from seldon_runtime_metrics.instruments import Instruments
from seldon_runtime_metrics.series import Family, Kind, Series
from seldon_runtime_metrics.store import Labels, Store

logger = logging.getLogger(__name__)

_FIRST_S, _LAST_S, _STEPS = 0.001, 30.0, 49
BOUNDS_S: Final = tuple(
    float(f"{_FIRST_S * (_LAST_S / _FIRST_S) ** (step / _STEPS):.9g}") for step in range(_STEPS + 1)
)
"""Upper bounds of a TIMER's buckets in seconds, by default (protocol notes, section Metrics)."""

_FAMILIES: Mapping[str, tuple[str, Kind]] = {
    "COUNTER": ("Custom counter of the component.", Kind.COUNTER),
    "GAUGE": ("Custom gauge of the component: its last value.", Kind.LAST),
    "TIMER": ("Custom timer of the component, in seconds.", Kind.HISTOGRAM),
}
_UNITS: Mapping[str, float] = {"COUNTER": 1.0, "GAUGE": 1.0, "TIMER": 1000.0}
"""How many of what the user measures make one of what stands on the page."""
_Key = tuple[Method, str, str, tuple[tuple[str, str], ...]]
"""Method, type, key and tags in the user's order."""
_Update = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Target:
    """A series that may be made once all metrics of its call are found good."""

    key: _Key
    family: Family
    labels: Mapping[str, str]


class CustomMetrics:
    """Counts what user code measured. Thread-safe; made once the component's labels are known.

    Args:
        labels: of every series, besides ``method`` and the metric's own tags, which cannot replace them.
        store: where families are declared and counted.
        instruments: told what is dropped.
        max_series: how many series there may be; samples of further ones are dropped.
        strict: whether a metric that Prometheus cannot hold is an error of the call.
        bounds_s: upper bounds of a TIMER's buckets in seconds, ascending.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        store: Store,
        instruments: Instruments,
        *,
        max_series: int,
        strict: bool,
        bounds_s: tuple[float, ...] = BOUNDS_S,
    ) -> None:
        self._labels = labels
        self._store = store
        self._instruments = instruments
        self._max_series = max_series
        self._strict = strict
        self._bounds_s = bounds_s
        self._known: dict[_Key, tuple[_Update, float]] = {}
        """:meth:`Series.update` and unit, by what user code writes: several keys may mean one series."""
        self._made: set[tuple[str, Labels]] = set()
        self._admission = threading.Lock()
        self._logged: set[str] = set()
        self._families: dict[tuple[str, str], Family] = {}
        self._feedback, self._reward = (
            store.declare(Family(name, documentation, Kind.COUNTER))
            for name, documentation in (
                ("seldon_api_model_feedback", "Feedback with a reward."),
                ("seldon_api_model_feedback_reward", "Sum of the rewards."),
            )
        )
        self._made.update(series for series in store.kept() if series[0] not in store.names)

    @property
    def series(self) -> int:
        """How many series user code has made, those that an earlier worker counted here included."""
        return len(self._made)

    def count(self, method: Method, metrics: Sequence[Metric]) -> None:
        """Count the metrics of one call: all of them, or those that Prometheus can hold.

        Raises:
            SeldonError: BAD_METRIC for one that it cannot hold, when that is an error; then none counts.
        """
        known = self._known
        updates: list[tuple[_Update, float]] = []
        for metric in metrics:  # spelt out, not in functions: it runs for every call
            value, tags = metric.value, metric.tags
            found = known.get((method, metric.type, metric.key, tuple(tags.items()) if tags else ()))
            if found is None or not (0.0 <= value < inf or metric.type == "GAUGE"):
                updates = self._admitted(method, metrics)
                break
            update, unit = found
            updates.append((update, value / unit))
        with self._store.lock:
            for update, amount in updates:
                update(amount)

    def count_reward(self, reward: float) -> None:
        """Count one feedback with a reward that is not 0. A negative one is not in the protocol's sum,
        for a counter cannot go down, but in a sum of its own."""
        made = self._instruments
        labels = {**self._labels, "method": Method.SEND_FEEDBACK.label}
        total = made.series(self._reward, **labels)  # 0 until there is one
        made.update(made.series(self._feedback, **labels))
        if not isfinite(reward):
            logger.warning("a reward of %s is not added up", reward)
        elif reward > 0:
            made.update(total, reward)
        else:
            made.update(made.penalty, -reward)

    def _admitted(self, method: Method, metrics: Sequence[Metric]) -> list[tuple[_Update, float]]:
        """The metrics that can be counted, their series made. Raises SeldonError, before it makes any."""
        accepted: list[tuple[_Target, float]] = []
        for metric in metrics:
            target = value_fault(metric) or self._target(method, metric)
            if isinstance(target, Fault):
                self._drop(target)
            else:
                accepted.append((target, metric.value / _UNITS[metric.type]))
        updates: list[tuple[_Update, float]] = []
        for target, amount in accepted:
            series = self._series_of(target)
            if isinstance(series, Fault):
                self._drop(series)
            else:
                updates.append((series.update, amount))
        return updates

    def _target(self, method: Method, metric: Metric) -> _Target | Fault:
        """The series that a metric with a good value belongs to."""
        fault = name_fault(metric)
        if fault is not None:
            return fault
        name = metric.key.removesuffix("_total") if metric.type == "COUNTER" else metric.key
        with self._admission:
            family = self._families.get((metric.type, name))
            if family is None and len(self._families) >= self._max_series:
                return self._too_many()
            try:
                family = family or self._store.declare(self._family(metric.type, name))
            except ValueError:
                return Fault(NAME_TAKEN, f"key {metric.key!r} is the name of another metric already")
            self._families[metric.type, name] = family
        # Prometheus takes an empty label for none: two series would be one to it.
        tags = {tag: value for tag, value in metric.tags.items() if value}
        labels = {**tags, **self._labels, "method": method.label}
        return _Target((method, metric.type, metric.key, tuple(metric.tags.items())), family, labels)

    def _family(self, kind: str, name: str) -> Family:
        return Family(name, *_FAMILIES[kind], self._bounds_s if kind == "TIMER" else ())

    def _series_of(self, target: _Target) -> Series | Fault:
        """Made if it is new and there is room for it."""
        identity = target.family.name, frozenset(target.labels.items())
        with self._admission:
            if identity not in self._made and len(self._made) >= self._max_series:
                return self._too_many()
            try:
                series = self._store.series(target.family, target.labels)
            except OSError as error:
                return Fault(NO_ROOM, f"the workers' folder has no room for another series ({error})")
            self._made.add(identity)
            if len(self._known) < 2 * self._max_series:  # tags that are not kept may be any number
                self._known[target.key] = series.update, _UNITS[target.key[1]]
            return series

    def _too_many(self) -> Fault:
        return Fault(
            TOO_MANY_SERIES,
            f"{self._max_series} series exist already, and keys or tags with ever new values make ever new "
            "ones. SELDON_METRICS_MAX_SERIES sets the limit",
        )

    def _drop(self, fault: Fault) -> None:
        self._instruments.update(self._instruments.dropped[fault.reason])
        if self._strict and fault.reason not in NOT_THE_METRICS_FAULT:
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
