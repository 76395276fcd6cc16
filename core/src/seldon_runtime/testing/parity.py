"""Comparison of answers from different wire formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from seldon_runtime.inference.message import Kind
from seldon_runtime.protocols.v1.tensorproto import decode_tensorproto

_PAYLOADS = ("data", "jsonData", "strData", "binData")
_FLOAT32 = 1e-6
"""Metrics are 32-bit numbers in the protocol's protobuf messages."""


def assert_same_answer(expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Check that two SeldonMessages, as parsed JSON, are equal.

    As in protobuf JSON, absent members equal empty ones, and numbers compare by value. Metric values
    compare with 32-bit precision.
    """
    expected, found = canonical(expected), canonical(found)
    metrics, found_metrics = expected.pop("metrics"), found.pop("metrics")
    assert found == expected
    assert len(found_metrics) == len(metrics)
    for metric, found_metric in zip(metrics, found_metrics, strict=True):
        assert math.isclose(metric.pop("value"), found_metric.pop("value"), rel_tol=_FLOAT32)
        assert found_metric == metric


def canonical(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a SeldonMessage, with empty ones made explicit.

    They are kind, value, names, puid, tags, requestPath and metrics.

    Raises:
        AssertionError: ``answer`` is not a dict, or has several payloads.
    """
    assert isinstance(answer, Mapping), f"got {answer!r}, expected a SeldonMessage as a dict"
    present = [key for key in _PAYLOADS if key in answer]
    assert len(present) <= 1, f"the answer has {present}, expected one payload"
    meta = answer.get("meta") or {}
    members = {
        "kind": None,
        "value": None,
        "names": [],
        "puid": meta.get("puid") or "",
        "tags": _exact(meta.get("tags") or {}),
        "requestPath": dict(meta.get("requestPath") or {}),
        "metrics": [_metric(metric) for metric in meta.get("metrics") or []],
    }
    if present == ["data"]:
        members |= _data(answer["data"])
    elif present:
        members |= {"kind": present[0], "value": _exact(answer[present[0]])}
    return members


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    names = list(data.get("names") or [])
    if "tensor" in data:
        tensor = data["tensor"]
        value: Any = [[*map(int, tensor.get("shape") or [])], _exact(tensor.get("values") or [])]
        return {"kind": Kind.TENSOR, "value": value, "names": names}
    if "tftensor" in data:
        array = decode_tensorproto(data["tftensor"], where="tftensor", max_values=2**31)
        return {"kind": Kind.TFTENSOR, "value": [array.dtype.str, array.tolist()], "names": names}
    return {"kind": Kind.NDARRAY, "value": _exact(data.get("ndarray") or []), "names": names}


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": metric.get("key") or "",
        "type": metric.get("type") or "COUNTER",
        "value": float(metric.get("value") or 0),
        "tags": dict(metric.get("tags") or {}),
    }


def _exact(value: Any) -> Any:
    """Return a value that compares like JSON: 1 equals 1.0 but not true."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, Mapping):
        return {key: _exact(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return value
