"""Many numbers with names become the families of a page.

``prometheus_client.multiprocess.MultiProcessCollector`` makes the same of the same files, but takes several
times as long, and loses a tag ``pid`` of gauges. A page is made while the component wants to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric

from seldon_runtime_metrics.series import Kind
from seldon_runtime_metrics.value_file import entries

_Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Number:
    """One number of a series: what it is called, its value, and when that was set."""

    family: str
    documentation: str
    sample: str
    labels: dict[str, str]
    value: float
    time: float = 0.0


def read(kind: Kind, files: Iterable[Path]) -> Iterable[Number]:
    """What several workers' numbers of one kind come to.

    Raises:
        ValueError: a file is damaged.
    """
    by_text: dict[str, Number] = {}
    by_name: dict[tuple[str, _Labels], Number] = {}
    for file in files:
        for text, value, time, _ in _entries(file):
            if text not in by_text:
                family, sample, labels, documentation = described(text)
                new = Number(family, documentation, sample, labels, value, time)
                by_text[text] = by_name.setdefault((sample, tuple(labels.items())), new)
                if by_text[text] is new:  # else it is known with another documentation
                    continue
            _combine(kind, by_text[text], value, time)
    return by_name.values()


def described(name: str) -> tuple[str, str, dict[str, str], str]:
    """Family, sample, labels and documentation that a name in a file stands for.

    Raises:
        ValueError: it is no such name.
    """
    try:
        parts: list[Any] = json.loads(name)
    except (ValueError, RecursionError):
        parts = []
    match parts:
        case [str(family), str(sample), dict(labels), str(documentation)] if all(
            isinstance(value, str) for value in labels.values()
        ):
            return family, sample, labels, documentation
    raise ValueError(f"{name!r:.80} in a file of metrics is no name of a number")


def families(kind: Kind, numbers: Iterable[Number]) -> Iterable[Metric]:
    """The families of these numbers, a histogram's buckets added up.

    Raises:
        ValueError: a number is none of its family.
    """
    made: dict[str, Metric] = {}
    distributions: dict[tuple[str, _Labels], list[Number]] = {}
    for number in numbers:
        name = number.family
        if name not in made:
            made[name] = Metric(name, number.documentation, kind.type)
        if kind is Kind.HISTOGRAM:
            labels = tuple(label for label in number.labels.items() if label[0] != "le")
            distributions.setdefault((name, labels), []).append(number)
        else:
            made[name].add_sample(number.sample, number.labels, number.value)
    for (name, _), distribution in distributions.items():
        _add_distribution(made[name], distribution)
    return made.values()


def _entries(file: Path) -> Iterable[tuple[str, float, float, int]]:
    """Nothing of a file that another worker is just making, or removing."""
    try:
        if file.stat().st_size:
            return entries(file)
    except FileNotFoundError:
        pass
    return ()


def _combine(kind: Kind, number: Number, value: float, time: float) -> None:
    match kind:
        case Kind.MAX | Kind.LIVE_MAX:
            number.value = max(number.value, value)
        case Kind.LIVE_MIN:
            number.value = min(number.value, value)
        case Kind.LAST:
            if time > number.time:
                number.value, number.time = value, time
        case _:
            number.value += value


def _add_distribution(metric: Metric, numbers: list[Number]) -> None:
    totals = [number for number in numbers if "le" not in number.labels]
    if len(totals) != 1 or len(numbers) == 1:
        raise ValueError(f"{metric.name} has {len(totals)} sums for {len(numbers) - len(totals)} buckets")
    (total,) = totals
    buckets = [(float(number.labels["le"]), number) for number in numbers if number is not total]
    buckets.sort(key=itemgetter(0))
    counts = list(accumulate(number.value for _, number in buckets))
    for (_, bucket), count in zip(buckets, counts, strict=True):
        metric.add_sample(bucket.sample, bucket.labels, count)
    metric.add_sample(f"{metric.name}_count", total.labels, counts[-1])
    metric.add_sample(f"{metric.name}_sum", total.labels, total.value)
