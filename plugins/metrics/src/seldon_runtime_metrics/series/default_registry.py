"""Metrics that user code makes with prometheus-client itself, in its default registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, REGISTRY
from prometheus_client.metrics_core import Metric

logger = logging.getLogger(__name__)


def user_families() -> Iterable[Metric]:
    """Return the families of the default registry, without those that prometheus-client registers itself.

    Returns nothing, and logs the error, if one of the user's collectors fails.
    """
    try:
        found = list(REGISTRY.collect())
    except Exception:  # collectors are user code: the page must show the rest
        logger.exception(
            "a collector in prometheus-client's default registry failed; its metrics are not on the page"
        )
        return []
    return [family for family in found if family.name not in _registered_by_default()]


@cache
def _registered_by_default() -> frozenset[str]:
    collectors = PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR
    return frozenset(family.name for collector in collectors for family in collector.collect())
