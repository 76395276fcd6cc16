"""The checks of custom metrics that the protocol accepts but Prometheus may not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from reprlib import repr as shortened

from seldon_runtime.plugin import Metric
from seldon_runtime_metrics.runtime.instruments import DropReason

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
MAX_TEXT = 1024
"""Most characters of a name or a label value: each stays in memory and is sent with every scrape."""
MAX_TAGS = 32
NEVER_FAILS_A_CALL = frozenset({DropReason.TOO_MANY_SERIES, DropReason.NO_ROOM})
"""Reasons that are not the metric's fault."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The reason why a metric cannot be counted, and a text for the log and the client."""

    reason: DropReason
    text: str


def check_name(metric: Metric) -> Rejection | None:
    """Check key and tags; return None if Prometheus accepts them."""
    key = metric.key.removesuffix("_total") if metric.type == "COUNTER" else metric.key
    if len(key) > MAX_TEXT or not _NAME.fullmatch(key):
        return Rejection(
            DropReason.BAD_NAME,
            f"key {shortened(metric.key)} must be a Prometheus name of at most {MAX_TEXT} characters: "
            f"{_NAME.pattern}",
        )
    if len(metric.tags) > MAX_TAGS:
        return Rejection(DropReason.BAD_LABEL, f"{len(metric.tags)} tags, expected at most {MAX_TAGS}")
    for name, value in metric.tags.items():
        if text := _check_tag(metric, name, value):
            return Rejection(DropReason.BAD_LABEL, text)
    return None


def check_value(metric: Metric) -> Rejection | None:
    """Check the value; return None for any gauge, and for finite values that are not negative."""
    if 0 <= metric.value < inf or metric.type == "GAUGE":
        return None
    return Rejection(
        DropReason.BAD_VALUE, f"value {metric.value} of a {metric.type} must be finite and not negative"
    )


def _check_tag(metric: Metric, name: str, value: str) -> str | None:
    if len(name) > MAX_TEXT or not _LABEL.fullmatch(name):
        return f"tag {shortened(name)} must be a Prometheus label name: {_LABEL.pattern}"
    if name == "le" and metric.type == "TIMER":
        return "a TIMER cannot have a tag 'le': this label holds the bounds of its buckets"
    if len(value) > MAX_TEXT or not _is_unicode(value):
        return f"the value of tag {name} must be valid Unicode of at most {MAX_TEXT} characters"
    return None


def _is_unicode(text: str) -> bool:
    """Return whether the text can be written as UTF-8; half a surrogate pair, which JSON can hold, cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
