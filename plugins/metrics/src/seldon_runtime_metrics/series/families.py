"""Families of a page, made from numbers with names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter

from prometheus_client.metrics_core import Metric

from seldon_runtime_metrics.series.series import Kind

LabelItems = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Number:
    """One number of a series: its name and labels, its value, and the time of its last change."""

    family: str
    documentation: str
    sample: str
    labels: dict[str, str]
    value: float
    time: float = 0.0


def families(kind: Kind, numbers: Iterable[Number]) -> Iterable[Metric]:
    """Return the families of these numbers; histogram buckets become cumulative.

    Raises:
        ValueError: a histogram lacks its sum or its buckets.
    """
    made: dict[str, Metric] = {}
    distributions: dict[tuple[str, LabelItems], list[Number]] = {}
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


def _add_distribution(metric: Metric, numbers: list[Number]) -> None:
    totals = [number for number in numbers if "le" not in number.labels]
    if len(totals) != 1 or len(numbers) == 1:
        raise ValueError(
            f"histogram {metric.name} has {len(totals)} sums and {len(numbers) - len(totals)} buckets; "
            "expected one sum and at least one bucket"
        )
    (total,) = totals
    buckets = [(float(number.labels["le"]), number) for number in numbers if number is not total]
    buckets.sort(key=itemgetter(0))
    counts = list(accumulate(number.value for _, number in buckets))
    for (_, bucket), count in zip(buckets, counts, strict=True):
        metric.add_sample(bucket.sample, bucket.labels, count)
    metric.add_sample(f"{metric.name}_count", total.labels, counts[-1])
    metric.add_sample(f"{metric.name}_sum", total.labels, total.value)
