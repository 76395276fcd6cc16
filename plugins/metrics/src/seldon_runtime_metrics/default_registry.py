"""What user code measures with prometheus-client itself, in its default registry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, REGISTRY
from prometheus_client.metrics_core import Metric

logger = logging.getLogger(__name__)


def user_families() -> Iterable[Metric]:
    """The families of the default registry, without those that prometheus-client puts there unasked; none
    when a collector of the user fails, which is logged."""
    try:
        found = list(REGISTRY.collect())
    except Exception:  # collectors are user code: the page is to show the rest
        logger.exception("what the component measures with prometheus-client is not on the page")
        return []
    return [family for family in found if family.name not in _unasked()]


@cache
def _unasked() -> frozenset[str]:
    collectors = PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR
    return frozenset(family.name for collector in collectors for family in collector.collect())
