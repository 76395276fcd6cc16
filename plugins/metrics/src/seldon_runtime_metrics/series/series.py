"""Metric families and their series, which hold the numbers."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import TypeAlias

from prometheus_client.utils import floatToGoString

Numbers: TypeAlias = "list[float] | memoryview[float]"
"""Values at even places, each followed by the time of its last change, as in prometheus-client's files.
Only gauges set that time: merging needs it to find the last value."""


class Kind(Enum):
    """A family's type, and the rule by which the values of several workers are merged.

    The value is the prefix of the file name in prometheus-client's multiprocess mode.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    LAST = "gauge_mostrecent"
    """The value that any worker set last, ended workers included."""
    MAX = "gauge_max"
    LIVE_SUM = "gauge_livesum"
    """Over live workers only, like the two kinds that follow."""
    LIVE_MAX = "gauge_livemax"
    LIVE_MIN = "gauge_livemin"

    @property
    def type(self) -> str:
        """Return the type as the page names it: ``counter``, ``gauge`` or ``histogram``."""
        return self.value.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: all series of one name.

    Attributes:
        name: without the suffix ``_total``.
        bounds: upper bounds of a histogram's buckets, ascending; empty for other kinds.
        is_custom: True for the component's own metrics.
    """

    name: str
    documentation: str
    kind: Kind
    bounds: tuple[float, ...] = ()
    is_custom: bool = False

    @property
    def further_samples(self) -> frozenset[str]:
        """The names of samples that the page computes: a histogram's count."""
        return frozenset({f"{self.name}_count"} if self.kind is Kind.HISTOGRAM else ())

    def samples(self, labels: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the sample name and labels of each number of one series, in the order of its places."""
        if self.kind is Kind.HISTOGRAM:
            yield f"{self.name}_sum", labels
            for bound in (*self.bounds, inf):
                yield f"{self.name}_bucket", {**labels, "le": floatToGoString(bound)}  # type: ignore[no-untyped-call]
        else:
            yield f"{self.name}_total" if self.kind is Kind.COUNTER else self.name, labels


class Series:
    """The numbers of one family with one set of labels.

    Args:
        numbers: the array that holds them.
        places: their indices in that array.
    """

    __slots__ = ("_numbers", "_place", "places")

    def __init__(self, numbers: Numbers, places: Sequence[int]) -> None:
        self._numbers = numbers
        self._place = places[0]
        self.places = places

    def update(self, value: float) -> None:
        """Add to a counter or histogram, or set a gauge. The caller must hold the store's lock."""
        raise NotImplementedError


class CounterSeries(Series):
    """A sum."""

    __slots__ = ()

    def update(self, value: float) -> None:
        """Add ``value``, which must be finite and not negative."""
        self._numbers[self._place] += value


class GaugeSeries(Series):
    """A current value."""

    __slots__ = ()

    def update(self, value: float) -> None:
        """Set the value and the time of the change."""
        numbers, place = self._numbers, self._place
        numbers[place] = value
        numbers[place + 1] = time.time()


class HistogramSeries(Series):
    """A distribution: the sum of the values, and the number of values in each bucket.

    Args:
        numbers: the array that holds them.
        places: the index of the sum, then those of the buckets.
        bounds: upper bounds of the buckets, ascending; the last bucket has none.
    """

    __slots__ = ("_bounds", "_buckets", "_least")

    def __init__(self, numbers: Numbers, places: Sequence[int], bounds: Sequence[float]) -> None:
        super().__init__(numbers, places)
        self._buckets = places[1:]
        self._bounds = bounds
        self._least = bounds[0]

    def update(self, value: float) -> None:
        """Count ``value``, which must be finite, in its bucket."""
        numbers = self._numbers
        numbers[self._place] += value
        # most sizes and waits belong in the first bucket, and a search takes longer than all the rest
        bucket = 0 if value <= self._least else bisect_left(self._bounds, value)
        numbers[self._buckets[bucket]] += 1.0


def series_of(family: Family, numbers: Numbers, places: Sequence[int]) -> Series:
    """Return the series of ``family`` whose numbers are at these places."""
    if family.kind is Kind.HISTOGRAM:
        return HistogramSeries(numbers, places, family.bounds)
    return (CounterSeries if family.kind is Kind.COUNTER else GaugeSeries)(numbers, places)
