"""The calls that a transport can make."""

from __future__ import annotations

from enum import Enum


class Method(Enum):
    """A call that a transport can make. The value is the user's method name, but for METADATA."""

    PREDICT = "predict"
    TRANSFORM_INPUT = "transform_input"
    TRANSFORM_OUTPUT = "transform_output"
    ROUTE = "route"
    AGGREGATE = "aggregate"
    SEND_FEEDBACK = "send_feedback"
    HEALTH_STATUS = "health_status"
    METADATA = "metadata"
    """The metadata document, made once at the load. Such a call runs no user code."""

    __hash__ = object.__hash__  # Enum's own is Python code, and each call looks up several members

    @property
    def label(self) -> str:
        """The name the protocol uses in the ``method`` label of metrics."""
        return _LABELS[self]


_LABELS = {
    Method.PREDICT: "predict",
    Method.TRANSFORM_INPUT: "inputtransform",
    Method.TRANSFORM_OUTPUT: "outputtransform",
    Method.ROUTE: "router",
    Method.AGGREGATE: "aggregate",
    Method.SEND_FEEDBACK: "feedback",
    Method.HEALTH_STATUS: "health",
    Method.METADATA: "metadata",
}

USER_METHODS = tuple(method for method in Method if method is not Method.METADATA)
"""The methods that a user's class may define."""
EMPTY_REQUESTS = frozenset({Method.HEALTH_STATUS, Method.METADATA})
"""The methods whose calls carry no payload: no codec reads their request."""
