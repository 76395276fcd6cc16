"""Makers of custom metrics, for what ``metrics()`` returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNTER, GAUGE, TIMER = "COUNTER", "GAUGE", "TIMER"


def create_counter(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A metric to which ``value`` is added."""
    return _metric(COUNTER, key, value, tags)


def create_gauge(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A metric that is set to ``value``."""
    return _metric(GAUGE, key, value, tags)


def create_timer(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A duration of ``value`` milliseconds."""
    return _metric(TIMER, key, value, tags)


def _metric(kind: str, key: str, value: float, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Raises TypeError when ``value`` is no number: told here, where it was made."""
    value + 1
    metric = {"key": key, "type": kind, "value": value}
    return {**metric, "tags": dict(tags)} if tags else metric
