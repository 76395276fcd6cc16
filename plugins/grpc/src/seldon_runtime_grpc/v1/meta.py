"""``seldon.protos.Meta`` as neutral values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seldon_runtime.plugin import NO_META
from seldon_runtime.plugin import Meta as NeutralMeta
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.protocols.plain_values import key_text
from seldon_runtime_grpc.protos.prediction_pb2 import Metric
from seldon_runtime_grpc.v1.values import fill, struct_to_python

if TYPE_CHECKING:
    from seldon_runtime_grpc.protos.prediction_pb2 import Meta, SeldonMessage

_TYPE_NAMES = {number: name for name, number in Metric.MetricType.items()}


def decode_meta(message: SeldonMessage) -> tuple[NeutralMeta, dict[str, Any]]:
    """Return a request's meta, and the same as a dict with the names of protobuf JSON; ``{}`` when absent."""
    given: dict[str, Any] = {}
    if not message.HasField("meta"):
        return NO_META, given
    meta = message.meta
    if meta.puid:
        given["puid"] = meta.puid
    if meta.tags:
        given["tags"] = struct_to_python(meta.tags)
    if meta.routing:
        given["routing"] = dict(meta.routing)
    if meta.requestPath:
        given["requestPath"] = dict(meta.requestPath)
    if meta.metrics:
        given["metrics"] = [metric_to_dict(metric) for metric in meta.metrics]
    if not given:
        return NO_META, given
    return NeutralMeta(
        puid=meta.puid,
        tags=given.get("tags", {}),
        routing=given.get("routing", {}),
        request_path=given.get("requestPath", {}),
        metrics=given.get("metrics", ()),
    ), given


def metric_to_dict(metric: Metric) -> dict[str, Any]:
    """Return a metric as a dict with the names of protobuf JSON; without empty ``tags``."""
    shown: dict[str, Any] = {
        "key": metric.key,
        "type": _TYPE_NAMES.get(metric.type, metric.type),
        "value": float(str(np.float32(metric.value))),  # 0.1 stays 0.1 on its way from 32 to 64 bits
    }
    if metric.tags:
        shown["tags"] = dict(metric.tags)
    return shown


def fill_meta(meta: Meta, answer: NeutralMeta, policy: NonFinite) -> None:
    """Add the answer's meta to a message's, which is present then even if empty.

    Raises:
        TypeError, ValueError, OverflowError: a tag or metric that protobuf cannot hold.
    """
    meta.SetInParent()
    if answer is NO_META:
        return
    if answer.puid:
        meta.puid = str(answer.puid)
    for key, tag in answer.tags.items():
        value = meta.tags[key_text(key)]
        value.Clear()  # a request that is annotated has tags already
        fill(value, tag, policy)
    for key, branch in answer.routing.items():
        meta.routing[key] = branch
    for key, image in answer.request_path.items():
        meta.requestPath[key] = image
    for metric in answer.metrics:
        _fill_metric(meta.metrics.add(), metric)


def _fill_metric(metric: Metric, given: Mapping[str, Any]) -> None:
    metric.key = str(given.get("key", ""))
    metric.type = _number_of(given.get("type", Metric.COUNTER))
    metric.value = float(given.get("value", 0.0))
    for key, tag in (given.get("tags") or {}).items():
        metric.tags[str(key)] = str(tag)


def _number_of(kind: Any) -> Any:
    return Metric.MetricType.Value(kind) if isinstance(kind, str) else kind
