"""Which custom metrics Prometheus can hold, and why the others cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from reprlib import repr as seen

from seldon_runtime.message import Metric

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
MAX_TEXT = 1024
"""Characters in a name or a label value: all of them stay in memory and go over the wire at each scrape."""
MAX_TAGS = 32


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a metric cannot be counted.

    ``reason`` is one of a few words, the label of ``seldon_runtime_custom_metrics_dropped_total``;
    ``text`` is for the log and the client.
    """

    reason: str
    text: str


BAD_NAME = "bad_name"
BAD_LABEL = "bad_label"
BAD_VALUE = "bad_value"
NAME_TAKEN = "name_taken"
TOO_MANY_SERIES = "too_many_series"
NO_ROOM = "no_room"
REASONS = (BAD_NAME, BAD_LABEL, BAD_VALUE, NAME_TAKEN, TOO_MANY_SERIES, NO_ROOM)
NOT_THE_METRICS_FAULT = {TOO_MANY_SERIES, NO_ROOM}
"""These never fail a call."""


def name_fault(metric: Metric) -> Fault | None:
    """What is wrong with the key or the tags; None when they can stand on the page."""
    key = metric.key.removesuffix("_total") if metric.type == "COUNTER" else metric.key
    if len(key) > MAX_TEXT or not _NAME.fullmatch(key):
        return Fault(BAD_NAME, f"key {seen(metric.key)} is no Prometheus name: expected {_NAME.pattern}")
    if len(metric.tags) > MAX_TAGS:
        return Fault(BAD_LABEL, f"{len(metric.tags)} tags, expected {MAX_TAGS} at most")
    for name, value in metric.tags.items():
        if len(name) > MAX_TEXT or not _LABEL.fullmatch(name):
            return Fault(
                BAD_LABEL, f"tag {seen(name)} is no Prometheus label name: expected {_LABEL.pattern}"
            )
        if name == "le" and metric.type == "TIMER":
            return Fault(BAD_LABEL, "tag 'le' of a TIMER: that label holds the bounds of its buckets")
        if len(value) > MAX_TEXT or not _is_unicode(value):
            return Fault(
                BAD_LABEL, f"tag {name} has a value that is not valid Unicode of {MAX_TEXT} characters"
            )
    return None


def value_fault(metric: Metric) -> Fault | None:
    """What is wrong with the value: a gauge may be anything, what is added up must be finite and >= 0."""
    if 0 <= metric.value < inf or metric.type == "GAUGE":
        return None
    return Fault(
        BAD_VALUE, f"a {metric.type} of {metric.value}, expected a finite number that is not negative"
    )


def _is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: half a surrogate pair, as JSON may hold, cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
