"""Neutral value types of the call path: what codecs read and write, and what components see.

They know neither JSON nor protobuf. Kinds, field names and merge rules follow the
Seldon v1 protocol (``SeldonMessage``, ``Feedback``, ``Meta``).

None of them is altered once it is made. Those that each call makes are not frozen all the same: that takes
three to four times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Method(Enum):
    """A call that a transport can make. The value is the user's method name."""

    PREDICT = "predict"
    TRANSFORM_INPUT = "transform_input"
    TRANSFORM_OUTPUT = "transform_output"
    ROUTE = "route"
    AGGREGATE = "aggregate"
    SEND_FEEDBACK = "send_feedback"
    HEALTH_STATUS = "health_status"

    __hash__ = object.__hash__  # Enum's own is written in Python, and each call looks up several times

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
}


class Kind(Enum):
    """Where a payload stands in a message. The value is the protocol's field name."""

    TENSOR = "tensor"
    NDARRAY = "ndarray"
    TFTENSOR = "tftensor"
    STR = "strData"
    BINARY = "binData"
    JSON = "jsonData"
    CUSTOM = "customData"

    __hash__ = object.__hash__


TENSOR, NDARRAY, TFTENSOR = Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR
"""For what each call asks: to look up a member of an Enum takes a thousand instructions (Python 3.11)."""
DATA_KINDS = frozenset({TENSOR, NDARRAY, TFTENSOR})
"""Kinds that stand inside ``data``, hold an array and may have names."""


@dataclass(slots=True)
class Payload:
    """One value and its kind.

    ``value`` is an ``ndarray`` for the kinds of ``data`` (in answers of kind
    ``NDARRAY`` also a list, as the user gave it), ``str``, ``bytes``, any JSON
    value for ``JSON``, and a transport's own object for ``CUSTOM``. ``names`` are
    the feature or class names; None only if the client sent null.
    """

    kind: Kind
    value: Any
    names: Sequence[Any] | None = ()


@dataclass(slots=True, unsafe_hash=True)  # without a hash it could not be a default value
class Meta:
    """What travels beside a payload. Unknown fields of a request are not kept."""

    puid: str | int | float = ""
    tags: Mapping[str, Any] = field(default_factory=dict)
    routing: Mapping[str, int] = field(default_factory=dict)
    request_path: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[Mapping[str, Any]] = ()


NO_META = Meta()


@dataclass(slots=True)
class Message:
    """A request or an answer.

    ``payload`` is None only inside a :class:`Feedback`. ``given_meta`` is the
    request's meta as it stood on the wire: what a user method's ``meta`` argument gets.
    """

    payload: Payload | None
    meta: Meta = NO_META
    given_meta: Any = None


@dataclass(slots=True)
class Feedback:
    """A reward for an earlier answer; any part may be absent."""

    request: Message | None = None
    response: Message | None = None
    reward: float = 0.0
    truth: Message | None = None


@dataclass(slots=True)
class Metric:
    """One custom metric of user code, checked.

    ``type`` is COUNTER (add ``value``), GAUGE (set it) or TIMER (``value`` is in milliseconds).
    """

    key: str
    type: str
    value: float
    tags: Mapping[str, str] = field(default_factory=dict)
