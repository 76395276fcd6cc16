"""What stands on the page: families of metrics, and series, which hold their numbers."""

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
"""Where values stand: at even places, each with the time of its change behind it, as in prometheus-client's
files. Only gauges whose last value counts set that time."""


class Kind(Enum):
    """A family's type, and what the values of several workers become on the page.

    The value is how prometheus-client's multiprocess mode begins a file's name.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    LAST = "gauge_mostrecent"
    """What any worker set last, also one that has ended."""
    MAX = "gauge_max"
    LIVE_SUM = "gauge_livesum"
    """Of the workers that live; so are the next two."""
    LIVE_MAX = "gauge_livemax"
    LIVE_MIN = "gauge_livemin"

    @property
    def type(self) -> str:
        """As it stands on the page."""
        return self.value.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric. ``name`` is without ``_total``; ``bounds`` are those of a histogram's buckets, ascending."""

    name: str
    documentation: str
    kind: Kind
    bounds: tuple[float, ...] = ()

    def samples(self, labels: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Name and labels of each number of one series, in the order of its places."""
        if self.kind is Kind.HISTOGRAM:
            yield f"{self.name}_sum", labels
            for bound in (*self.bounds, inf):
                yield f"{self.name}_bucket", {**labels, "le": floatToGoString(bound)}  # type: ignore[no-untyped-call]
        else:
            yield f"{self.name}_total" if self.kind is Kind.COUNTER else self.name, labels


class Series:
    """The numbers of one family with one set of labels.

    Args:
        numbers: where they stand.
        places: at which places there.
    """

    __slots__ = ("_numbers", "_place", "places")

    def __init__(self, numbers: Numbers, places: Sequence[int]) -> None:
        self._numbers = numbers
        self._place = places[0]
        self.places = places

    def update(self, value: float) -> None:
        """Add to a counter or histogram, set a gauge. The caller holds the lock of the store."""
        raise NotImplementedError


class CounterSeries(Series):
    """A sum."""

    __slots__ = ()

    def update(self, value: float) -> None:
        """Add ``value``, finite and not negative."""
        self._numbers[self._place] += value


class GaugeSeries(Series):
    """A value of the moment."""

    __slots__ = ()

    def update(self, value: float) -> None:
        """Set it."""
        numbers, place = self._numbers, self._place
        numbers[place] = value
        numbers[place + 1] = time.time()


class HistogramSeries(Series):
    """A distribution: the sum, then the number in each bucket.

    Args:
        numbers: where they stand.
        places: at which places there: the sum's, then the buckets'.
        bounds: the buckets' upper bounds, ascending; behind them is the bucket of what is larger.
    """

    __slots__ = ("_bounds", "_buckets", "_least")

    def __init__(self, numbers: Numbers, places: Sequence[int], bounds: Sequence[float]) -> None:
        super().__init__(numbers, places)
        self._buckets = places[1:]
        self._bounds = bounds
        self._least = bounds[0]

    def update(self, value: float) -> None:
        """Count ``value``, finite, in its bucket."""
        numbers = self._numbers
        numbers[self._place] += value
        # most sizes and waits belong in the first bucket, and to look for it takes longer than all else
        bucket = 0 if value <= self._least else bisect_left(self._bounds, value)
        numbers[self._buckets[bucket]] += 1.0


def series_of(family: Family, numbers: Numbers, places: Sequence[int]) -> Series:
    """The series of ``family`` whose numbers stand at these places."""
    if family.kind is Kind.HISTOGRAM:
        return HistogramSeries(numbers, places, family.bounds)
    return (CounterSeries if family.kind is Kind.COUNTER else GaugeSeries)(numbers, places)
