"""The text of a page: selection and encoding of the metrics on it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from enum import Enum
from functools import partial

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import ALLOWUTF8, escape_label_name, escape_metric_name
from prometheus_client.registry import Collector

from seldon_runtime_metrics.series.store import Store

logger = logging.getLogger(__name__)


class Part(Enum):
    """The metrics that a page holds."""

    ALL = "all"
    CUSTOM = "custom"
    """The component's own metrics and the feedback counters: the page of the v1 protocol."""
    RUNTIME = "runtime"


class Page:
    """Renders pages from a store. Thread-safe; renders one page at a time.

    Args:
        store: the metrics; if two need the same sample name, the page leaves out the later one.
        runtime_names: the families that belong to the runtime.
        prepare: called before each page.
    """

    def __init__(self, store: Store, runtime_names: Collection[str], prepare: Callable[[], None]) -> None:
        self._store = store
        self._runtime_names = runtime_names
        self._prepare = prepare
        self._lock = threading.Lock()

    def render(self, accept: str, part: Part) -> tuple[bytes, str]:
        """Return text and content type: OpenMetrics if the Accept header asks for it, else plain text."""
        with self._lock:
            self._prepare()
            encoder, content_type = _encoder(accept)
            families = list(self._families(part))
            is_openmetrics = content_type.startswith("application/openmetrics-text")
            if is_openmetrics and isinstance(encoder, partial):
                families = [_escaped(family, encoder.keywords["escaping"]) for family in families]
                encoder = partial(encoder, escaping=ALLOWUTF8)
            return encoder(_Collected(with_distinct_names(families, is_openmetrics))), content_type

    def _families(self, part: Part) -> Iterable[Metric]:
        for family in self._store.collect():
            is_runtime = family.name in self._runtime_names
            if part is Part.ALL or is_runtime == (part is Part.RUNTIME):
                yield family


class _Collected(Collector):
    """The families of one page."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        """Return the families."""
        return self._families


def with_distinct_names(families: Sequence[Metric], is_openmetrics: bool) -> list[Metric]:
    """Return families of which no two have a name or a sample name in common.

    Families of different types may have one name, as the custom metrics of one key do. The page then shows
    one of them with its type, the gauge if there is one, and each sample of the others as a metric without a
    type. The page leaves out a family whose sample names an earlier family has.
    """
    shown: list[Metric] = []
    titles: set[str] = set()
    samples: set[str] = set()
    for family in sorted(families, key=_is_named_by_its_name, reverse=True):
        own = {sample.name for sample in family.samples}
        if not samples.isdisjoint(own):  # two workers may use one name for two types
            logger.warning("%s is not on the page: another metric has this name", family.name)
            continue
        samples |= own
        title = family.name if is_openmetrics or family.type != "counter" else f"{family.name}_total"
        parts = [family] if title not in titles else list(_untyped(family))
        titles.update(part.name for part in parts)
        titles.add(title)
        shown += parts
    return shown


def _is_named_by_its_name(family: Metric) -> bool:
    return any(sample.name == family.name for sample in family.samples)


def _untyped(family: Metric) -> Iterable[Metric]:
    """Yield each sample name of a family as a metric of its own."""
    for name in dict.fromkeys(sample.name for sample in family.samples):
        metric = Metric(name, family.documentation, "unknown")
        metric.samples = [sample for sample in family.samples if sample.name == name]
        yield metric


def _escaped(family: Metric, escaping: str) -> Metric:
    """Return a family whose names are escaped as the client asks; all that it can read stay as they are.

    The OpenMetrics encoder would escape a colon in the name of a sample, but not in that of its family.
    """
    if escaping == ALLOWUTF8:
        return family
    escaped = copy(family)
    escaped.name = escape_metric_name(family.name, escaping)
    escaped.samples = [
        sample._replace(
            name=escape_metric_name(sample.name, escaping),
            labels={escape_label_name(label, escaping): value for label, value in sample.labels.items()},
        )
        for sample in family.samples
    ]
    return escaped


def _encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    try:
        encoder, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a malformed version
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    if not content_type.isascii() or not content_type.isprintable():  # it repeats the client's words
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encoder, content_type
