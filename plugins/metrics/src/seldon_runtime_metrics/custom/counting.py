"""The counting of the component's own metrics and its rewards."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final

from seldon_runtime.plugin import ErrorCode, Identity, Method, Metric, SeldonError
from seldon_runtime_metrics.custom.labels import custom_labels
from seldon_runtime_metrics.custom.validation import (
    NEVER_FAILS_A_CALL,
    Rejection,
    check_name,
    check_value,
)
from seldon_runtime_metrics.runtime.instruments import DropReason, Instruments
from seldon_runtime_metrics.series.series import Family, Kind, Series
from seldon_runtime_metrics.series.store import Labels, Store

logger = logging.getLogger(__name__)

_FIRST_S, _LAST_S, _STEPS = 0.001, 30.0, 49
BOUNDS_S: Final = tuple(
    float(f"{_FIRST_S * (_LAST_S / _FIRST_S) ** (step / _STEPS):.9g}") for step in range(_STEPS + 1)
)
"""Default upper bounds of a TIMER's buckets in seconds (protocol notes, section Metrics)."""

_FAMILIES: Mapping[str, tuple[str, Kind]] = {
    "COUNTER": ("Custom counter of the component.", Kind.COUNTER),
    "GAUGE": ("Custom gauge of the component: its last value.", Kind.LAST),
    "TIMER": ("Custom timer of the component, in seconds.", Kind.HISTOGRAM),
}
_UNITS: Mapping[str, float] = {"COUNTER": 1.0, "GAUGE": 1.0, "TIMER": 1000.0}
"""Divisors from the user's units to those of the page: a TIMER is in milliseconds."""
_NUMBERS_A_SERIES = 10
"""How many numbers one series may have on average: this bounds the page, and the time of a scrape.

A TIMER has a number for each bucket, and the page a line for each number.
"""
_Key = tuple[Method, str, str, tuple[tuple[str, str], ...]]
"""Method, type, key, and tags in the user's order."""
_Unit = tuple[str | None, str | None]
"""The names of a further component: its predictor and its own."""
_Update = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Target:
    """The series of a valid metric. It is created only when all metrics of the call are valid."""

    key: _Key
    family: Family
    labels: Mapping[str, str]
    unit: _Unit | None
    """The names of a further component; None for the component itself."""


class CustomMetrics:
    """Counts the metrics that user code returns. Thread-safe.

    Args:
        labels: labels of every series, besides ``method`` and the metric's tags; tags cannot replace them.
        store: the store that holds the series.
        instruments: count dropped metrics and negative rewards.
        max_series: limit of series; samples of further series are dropped.
        bounds_s: upper bounds of a TIMER's buckets in seconds, ascending.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        store: Store,
        instruments: Instruments,
        *,
        max_series: int,
        bounds_s: tuple[float, ...] = BOUNDS_S,
    ) -> None:
        self._labels = labels
        self._store = store
        self._instruments = instruments
        self._max_series = max_series
        self._bounds_s = bounds_s
        self._known: dict[_Key, tuple[_Update, float]] = {}
        """:meth:`Series.update` and unit, by the user's spelling: several spellings may mean one series."""
        self._known_of: dict[_Unit, dict[_Key, tuple[_Update, float]]] = {}
        """The same of further components, by their names."""
        self._made: set[tuple[str, Kind, Labels]] = set()
        self._made_numbers = 0
        self._admission = threading.Lock()
        self._logged: set[DropReason] = set()
        self._families: dict[tuple[str, str], Family] = {}
        self._feedback, self._reward = (
            store.declare(Family(name, documentation, Kind.COUNTER))
            for name, documentation in (
                ("seldon_api_model_feedback", "Feedback with a reward."),
                ("seldon_api_model_feedback_reward", "Sum of the rewards."),
            )
        )
        self._made.update(series for series in store.inherited() if series[0] not in store.names)
        self._made_numbers = sum(
            1 + (len(bounds_s) if kind is Kind.HISTOGRAM else 0) for _, kind, _ in self._made
        )

    @property
    def series(self) -> int:
        """Return the number of series that user code created, those of earlier workers included."""
        return len(self._made)

    def count(
        self,
        method: Method,
        metrics: Sequence[Metric],
        *,
        strict: bool = False,
        source: Identity | None = None,
    ) -> None:
        """Count the metrics of one call; drop those that Prometheus cannot hold, or raise with ``strict``.

        Args:
            method: the method that returned them.
            metrics: valid metrics.
            strict: True to raise for a metric that Prometheus cannot hold.
            source: a further component, whose labels the series have; None for the component itself.

        Raises:
            SeldonError: BAD_METRIC with ``strict``, if one metric is invalid; then none is counted.
        """
        known = self._known if source is None else self._known_of.setdefault(_name_of(source), {})
        updates: list[tuple[_Update, float]] = []
        for metric in metrics:  # inlined: it runs for every call
            value, tags = metric.value, metric.tags
            found = known.get((method, metric.type, metric.key, tuple(tags.items()) if tags else ()))
            if found is None or not (0.0 <= value < inf or metric.type == "GAUGE"):
                updates = self._admit(method, metrics, source, strict=strict)
                break
            update, unit = found
            updates.append((update, value / unit))
        with self._store.lock:
            for update, amount in updates:
                update(amount)

    def count_reward(self, reward: float) -> None:
        """Count one feedback whose reward is not 0.

        A counter cannot decrease, so negative rewards are added up in a counter of their own.
        """
        made = self._instruments
        labels = {**self._labels, "method": Method.SEND_FEEDBACK.label}
        total = made.series(self._reward, **labels)  # on the page with 0 until a positive reward comes
        made.update(made.series(self._feedback, **labels))
        if not isfinite(reward):
            logger.warning("the reward %s is not added to the sum of rewards, since it is not finite", reward)
        elif reward > 0:
            made.update(total, reward)
        else:
            made.update(made.penalty, -reward)

    def _admit(
        self, method: Method, metrics: Sequence[Metric], source: Identity | None, *, strict: bool
    ) -> list[tuple[_Update, float]]:
        """Return the updates of the valid metrics; create their series once all metrics are checked."""
        accepted: list[tuple[_Target, float]] = []
        for metric in metrics:
            target = check_value(metric) or self._target(method, metric, source)
            if isinstance(target, Rejection):
                self._drop(target, strict=strict)
            else:
                accepted.append((target, metric.value / _UNITS[metric.type]))
        updates: list[tuple[_Update, float]] = []
        for target, amount in accepted:
            series = self._series_of(target)
            if isinstance(series, Rejection):
                self._drop(series, strict=strict)
            else:
                updates.append((series.update, amount))
        return updates

    def _target(self, method: Method, metric: Metric, source: Identity | None) -> _Target | Rejection:
        """Return the series of a metric whose value is valid."""
        rejection = check_name(metric)
        if rejection is not None:
            return rejection
        name = metric.key.removesuffix("_total") if metric.type == "COUNTER" else metric.key
        with self._admission:
            family = self._families.get((metric.type, name))
            if family is None and len(self._families) >= self._max_series:
                return self._too_many_series()
            try:
                family = family or self._store.declare(self._family(metric.type, name))
            except ValueError:
                return Rejection(DropReason.NAME_TAKEN, f"another metric has the name of key {metric.key!r}")
            self._families[metric.type, name] = family
        # an empty label equals a missing one in Prometheus: two series would have the same labels
        tags = {tag: value for tag, value in metric.tags.items() if value}
        own = self._labels if source is None else {**self._labels, **custom_labels(source)}
        labels = {**tags, **own, "method": method.label}
        key = method, metric.type, metric.key, tuple(metric.tags.items())
        return _Target(key, family, labels, None if source is None else _name_of(source))

    def _family(self, kind: str, name: str) -> Family:
        return Family(name, *_FAMILIES[kind], self._bounds_s if kind == "TIMER" else (), is_custom=True)

    def _series_of(self, target: _Target) -> Series | Rejection:
        """Return the series; create it if it is new and there is room."""
        identity = target.family.name, target.family.kind, frozenset(target.labels.items())
        with self._admission:
            is_new = identity not in self._made
            if is_new and not self._has_room(target.family):
                return self._too_many_series()
            try:
                series = self._store.series(target.family, target.labels)
            except OSError as error:
                return Rejection(
                    DropReason.NO_ROOM, f"no room for another series in the workers' folder ({error})"
                )
            if is_new:
                self._made.add(identity)
                self._made_numbers += len(target.family.bounds) + 1
            known = self._known if target.unit is None else self._known_of.setdefault(target.unit, {})
            if len(known) < 2 * self._max_series:  # dropped tags may have any number of values
                known[target.key] = series.update, _UNITS[target.key[1]]
            return series

    def _has_room(self, family: Family) -> bool:
        """Return whether another series fits; the first one does, whatever its number of buckets."""
        numbers = self._made_numbers + len(family.bounds) + 1
        is_small = numbers <= self._max_series * _NUMBERS_A_SERIES or not self._made
        return is_small and len(self._made) < self._max_series

    def _too_many_series(self) -> Rejection:
        return Rejection(
            DropReason.TOO_MANY_SERIES,
            f"{len(self._made)} series with {self._made_numbers} numbers exist, the limit of "
            f"SELDON_METRICS_MAX_SERIES ({self._max_series}); each new key or tag value creates another one",
        )

    def _drop(self, rejection: Rejection, *, strict: bool) -> None:
        reason = rejection.reason
        self._instruments.update(self._instruments.dropped[reason])
        if strict and reason not in NEVER_FAILS_A_CALL:
            raise SeldonError(f"invalid custom metric: {rejection.text}", code=ErrorCode.BAD_METRIC)
        if reason not in self._logged:
            self._logged.add(reason)
            logger.warning(
                "custom metric not counted: %s. Further metrics with reason %s are only counted in "
                "seldon_runtime_custom_metrics_dropped_total",
                rejection.text,
                reason,
            )


def _name_of(source: Identity) -> _Unit:
    return source.predictor, source.unit
