"""Custom metrics as user code returns them."""

from __future__ import annotations


def counter(key, value, **tags):
    return {"type": "COUNTER", "key": key, "value": value, "tags": tags}


def gauge(key, value, **tags):
    return {"type": "GAUGE", "key": key, "value": value, "tags": tags}


def timer(key, value, **tags):
    return {"type": "TIMER", "key": key, "value": value, "tags": tags}
