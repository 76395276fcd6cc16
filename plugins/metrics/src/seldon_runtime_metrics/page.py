"""The page: which metrics stand on it, and its text."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from enum import Enum

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from seldon_runtime_metrics.store import One, Store

logger = logging.getLogger(__name__)


class Part(Enum):
    """Which metrics a page holds."""

    ALL = "all"
    CUSTOM = "custom"
    """The component's own and the feedback counters: what the protocol has."""
    RUNTIME = "runtime"


class Page:
    """Makes the page from a store. Thread-safe; one page is made at a time.

    Args:
        store: what stands on it; of two metrics that need the same name the later one is left out.
        runtime_names: the families that are the runtime's own.
        prepare: called before each page.
    """

    def __init__(self, store: Store, runtime_names: Collection[str], prepare: Callable[[], None]) -> None:
        self._store = store
        self._runtime_names = runtime_names
        self._prepare = prepare
        self._lock = threading.Lock()

    def render(self, accept: str, part: Part) -> tuple[bytes, str]:
        """The text and its content type: OpenMetrics if the client's Accept header asks for it, else
        Prometheus' text format."""
        with self._lock:
            self._prepare()
            registry = CollectorRegistry()
            for family in self._families(part):
                try:
                    registry.register(One(family))
                except ValueError:  # two workers may have used one name for two types
                    logger.warning("%s is not on the page: another metric has its name", family.name)
            encoder, content_type = _encoder(accept)
            return encoder(registry), content_type

    def _families(self, part: Part) -> Iterable[Metric]:
        for family in self._store.collect():
            is_runtime = family.name in self._runtime_names
            if part is Part.ALL or is_runtime == (part is Part.RUNTIME):
                yield family


def _encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    try:
        encoder, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is none
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    if not content_type.isascii() or not content_type.isprintable():  # it repeats the client's words
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encoder, content_type
