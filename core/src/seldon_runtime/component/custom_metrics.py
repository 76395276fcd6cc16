"""Custom metrics of user code: validated, shown in the answer, counted by observers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from seldon_runtime.component.result import plain
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import Method

TYPES = frozenset({"COUNTER", "GAUGE", "TIMER"})
_NUMBERS = (float, int, bool)
_NO_TAGS: Mapping[str, str] = {}


def as_list(metrics: object) -> Sequence[Any]:
    """Return the metrics of ``metrics()``, a ``Response`` or a raw answer; empty for None.

    Raises:
        SeldonError: BAD_METRIC when they are not a list.
    """
    if metrics is None:
        return ()
    if not isinstance(metrics, list | tuple):
        raise _bad(metrics, "expected a list of metrics")
    return metrics


def checked(metrics: Sequence[Any]) -> list[Metric]:
    """Return the validated metrics.

    Raises:
        SeldonError: BAD_METRIC when one of them is invalid; then none of them counts.
    """
    return [_checked(metric) for metric in metrics]


def shown(metrics: Iterable[Mapping[str, Any]], method: Method) -> list[dict[str, Any]]:
    """Return the metrics for the answer's meta in JSON's types, with the method added to tags.

    Raises:
        SeldonError: COMPONENT_FAILED when a metric holds a value of an unsupported type.
    """
    return [
        {**metric, "tags": {**metric["tags"], "method": method.label}} if "tags" in metric else {**metric}
        for metric in map(plain, metrics)
    ]


def _checked(metric: object) -> Metric:
    # types first: isinstance() of an abstract class takes as long as the rest of the function
    if type(metric) is not dict and not isinstance(metric, Mapping):
        raise _bad(metric, "expected an object with type, key and value")
    kind, key = metric.get("type"), metric.get("key")
    value: Any = metric.get("value")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _bad(metric, "type must be COUNTER, GAUGE or TIMER")
    if type(key) is not str and (not isinstance(key, str | int) or isinstance(key, bool)):
        raise _bad(metric, "key must be text")
    try:
        number = float(value) if type(value) in _NUMBERS or isinstance(value, Real) else None
    except OverflowError:
        number = None
    if number is None:
        raise _bad(metric, "value must be a 64-bit number")
    tags = metric.get("tags", _NO_TAGS)
    if type(tags) is not dict and not isinstance(tags, Mapping):
        raise _bad(metric, "tags must be an object")
    return Metric(str(key), kind, number, {str(name): str(tag) for name, tag in tags.items()})


def _bad(metric: object, why: str) -> SeldonError:
    text = json.dumps(metric, default=repr, skipkeys=True)
    return SeldonError(f"invalid custom metric: {why}; got {text:.200}", code=ErrorCode.BAD_METRIC)
