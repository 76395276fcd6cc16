"""Neutral messages and calls, for tests in the process."""

from __future__ import annotations

from typing import Any

import numpy as np

from seldon_runtime.plugin import Call, Kind, Message, Meta, Method, NeutralCodec, Payload

NEUTRAL = NeutralCodec()


def message(value: Any, **meta: Any) -> Message:
    """Return a message with a text or an array."""
    kind = Kind.STR if isinstance(value, str) else Kind.NDARRAY
    return Message(Payload(kind, value if kind is Kind.STR else np.array(value)), Meta(**meta))


def predict(wire: Any, **fields: Any) -> Call:
    """Return a call of ``predict``."""
    return Call(Method.PREDICT, wire, NEUTRAL, "test", **fields)
