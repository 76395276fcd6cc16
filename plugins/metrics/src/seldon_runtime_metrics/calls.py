"""Finished calls, counted and measured on the hot path.

Four of prometheus-client's metrics cost seven locked updates for each call: 2.7 µs, or 7.0 µs when workers
share a folder. This table makes one update of them, in 1.2 or 1.5 µs, and writes the same files.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from pathlib import Path

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from seldon_runtime_metrics.mapped import ValueFile

LABELS = ("method", "transport")
_DURATION_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZE_BYTES = tuple(float(4**power) for power in range(4, 14))  # 256 bytes to 64 MiB


@dataclass(frozen=True, slots=True)
class _Distribution:
    """A histogram and where its sum stands in a row; its buckets follow."""

    name: str
    documentation: str
    bounds: Sequence[float]
    start: int

    @property
    def end(self) -> int:
        """Behind the bucket of what is larger than all bounds."""
        return self.start + len(self.bounds) + 2


_CALLS = "seldon_runtime_calls"
_CALLS_HELP = "Finished calls, failed ones too."
_SIZE = _Distribution("seldon_runtime_request_bytes", "Size of requests.", _SIZE_BYTES, 1)
_DURATION = _Distribution(
    "seldon_runtime_call_duration_seconds",
    "Time from taking a call to its answer, waiting included; without calls that never started.",
    _DURATION_S,
    _SIZE.end,
)
_WAIT = _Distribution(
    "seldon_runtime_queue_wait_seconds",
    "Time that calls waited for the component's thread.",
    _DURATION_S,
    _DURATION.end,
)
_DISTRIBUTIONS = (_SIZE, _DURATION, _WAIT)
# For each call: where the sums are, and where the buckets begin.
_SIZE_SUM, _DURATION_SUM, _WAIT_SUM = (part.start for part in _DISTRIBUTIONS)
_SIZES, _DURATIONS, _WAITS = _SIZE_SUM + 1, _DURATION_SUM + 1, _WAIT_SUM + 1


@dataclass(slots=True)
class Row:
    """The calls of one method over one transport: their number, then each distribution."""

    values: list[float]
    places: Sequence[int] = ()
    """Where they stand in the worker's files, when there are any."""


class CallTable(Collector):
    """A row for each method and transport. Thread-safe.

    Args:
        files: the beginning of the names of this worker's files, ``{type}_`` left out; None for one worker.
    """

    def __init__(self, files: Path | None = None) -> None:
        self._rows: dict[tuple[str, str], Row] = {}
        self._lock = threading.Lock()
        self._counts, self._sums = (
            ValueFile(files.with_name(f"{kind}_{files.name}.db")) if files else None
            for kind in ("counter", "histogram")
        )

    def row(self, method: str, transport: str) -> Row:
        """The row with these labels, made if it is new; it goes on where the worker's files end."""
        with self._lock:
            labels = method, transport
            if labels not in self._rows:
                self._rows[labels] = self._new_row(labels)
            return self._rows[labels]

    def _new_row(self, labels: tuple[str, str]) -> Row:
        if self._counts is None or self._sums is None:
            return Row([0.0] * _WAIT.end)
        first, *others = _keys(labels)
        places = self._counts.places([first]) + self._sums.places(others)
        values = [self._counts.values[places[0]], *(self._sums.values[place] for place in places[1:])]
        return Row(values, places)

    def add(self, row: Row, request_bytes: int, duration_s: float | None, wait_s: float) -> None:
        """Count one call; ``duration_s`` is None for one that never started."""
        values = row.values
        size = _SIZES + bisect_left(_SIZE_BYTES, request_bytes)
        with self._lock:
            values[0] += 1
            values[_SIZE_SUM] += request_bytes
            values[size] += 1
            sums: tuple[int, ...] = (_SIZE_SUM, size)
            if duration_s is not None:
                duration = _DURATIONS + bisect_left(_DURATION_S, duration_s)
                wait = _WAITS + bisect_left(_DURATION_S, wait_s)
                values[_DURATION_SUM] += duration_s
                values[duration] += 1
                values[_WAIT_SUM] += wait_s
                values[wait] += 1
                sums = (_SIZE_SUM, size, _DURATION_SUM, duration, _WAIT_SUM, wait)
            if self._counts is not None and self._sums is not None:
                places, shared = row.places, self._sums.values
                self._counts.values[places[0]] = values[0]
                for index in sums:
                    shared[places[index]] = values[index]

    def describe(self) -> Iterable[Metric]:
        """The families, without samples."""
        yield CounterMetricFamily(_CALLS, _CALLS_HELP, labels=LABELS)
        for part in _DISTRIBUTIONS:
            yield HistogramMetricFamily(part.name, part.documentation, labels=LABELS)

    def collect(self) -> Iterable[Metric]:
        """The families with this worker's samples."""
        with self._lock:
            rows = {labels: list(row.values) for labels, row in self._rows.items()}
        calls = CounterMetricFamily(_CALLS, _CALLS_HELP, labels=LABELS)
        for labels, values in rows.items():
            calls.add_metric(labels, values[0])
        yield calls
        for part in _DISTRIBUTIONS:
            family = HistogramMetricFamily(part.name, part.documentation, labels=LABELS)
            for labels, values in rows.items():
                buckets = accumulate(values[part.start + 1 : part.end])
                family.add_metric(labels, list(zip(_bounds(part), buckets, strict=True)), values[part.start])
            yield family


def _bounds(part: _Distribution) -> list[str]:
    return [floatToGoString(bound) for bound in (*part.bounds, inf)]  # type: ignore[no-untyped-call]


def _keys(labels: tuple[str, str]) -> list[str]:
    """The names of a row's values in prometheus-client's files, in the order of the row."""
    names, values = list(LABELS), list(labels)
    keys = [mmap_key(_CALLS, f"{_CALLS}_total", names, values, _CALLS_HELP)]
    for part in _DISTRIBUTIONS:
        keys.append(mmap_key(part.name, f"{part.name}_sum", names, values, part.documentation))
        for bound in _bounds(part):
            bucket = f"{part.name}_bucket"
            keys.append(mmap_key(part.name, bucket, [*names, "le"], [*values, bound], part.documentation))
    return keys
