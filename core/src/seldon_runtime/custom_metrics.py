"""Custom metrics of user code: checked, then shown in the answer and told to observers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method, Metric

TYPES = frozenset({"COUNTER", "GAUGE", "TIMER"})
_NUMBERS = (float, int, bool)
_NO_TAGS: Mapping[str, str] = {}


def as_list(metrics: object) -> Sequence[Any]:
    """What ``metrics()``, a ``Response`` or a raw answer gave; None counts as nothing.

    Raises:
        SeldonError: BAD_METRIC when it is no list.
    """
    if metrics is None:
        return ()
    if not isinstance(metrics, list | tuple):
        raise _bad(metrics, "expected a list of metrics")
    return metrics


def checked(metrics: Sequence[Any]) -> list[Metric]:
    """The metrics, typed.

    Raises:
        SeldonError: BAD_METRIC when one of them is none; then none of them counts.
    """
    return [_checked(metric) for metric in metrics]


def shown(metrics: Iterable[Mapping[str, Any]], method: Method) -> list[dict[str, Any]]:
    """The metrics as the answer's meta shows them: as given, tags with the method added."""
    return [
        {**metric, "tags": {**metric["tags"], "method": method.label}} if "tags" in metric else {**metric}
        for metric in metrics
    ]


def _checked(metric: object) -> Metric:
    # types first: for an abstract class isinstance() takes as long as all else together
    if type(metric) is not dict and not isinstance(metric, Mapping):
        raise _bad(metric, "expected an object with type, key and value")
    kind, key = metric.get("type"), metric.get("key")
    value: Any = metric.get("value")
    if not isinstance(kind, str) or kind not in TYPES:
        raise _bad(metric, "type must be COUNTER, GAUGE or TIMER")
    if type(key) is not str and (not isinstance(key, str | int) or isinstance(key, bool)):
        raise _bad(metric, "key must be a text")
    try:
        number = float(value) if type(value) in _NUMBERS or isinstance(value, Real) else None
    except OverflowError:
        number = None
    if number is None:
        raise _bad(metric, "value must be a number of 64 bits")
    tags = metric.get("tags", _NO_TAGS)
    if type(tags) is not dict and not isinstance(tags, Mapping):
        raise _bad(metric, "tags must be an object")
    return Metric(str(key), kind, number, {str(name): str(tag) for name, tag in tags.items()})


def _bad(metric: object, why: str) -> SeldonError:
    text = json.dumps(metric, default=repr, skipkeys=True)
    return SeldonError(
        f"a metric of the component is none: {why}, got {text:.200}", code=ErrorCode.BAD_METRIC
    )
