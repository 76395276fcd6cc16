"""Neutral value types of the call path, between codecs and components.

They know neither JSON nor protobuf. Kinds, field names and merge rules follow the
Seldon v1 protocol (``SeldonMessage``, ``Feedback``, ``Meta``).

No code alters these objects after it has created them. The types that every call creates are not frozen,
because a frozen dataclass takes three to four times as long to create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any


class Kind(Enum):
    """The place of a payload in a message. The value is the protocol's field name."""

    TENSOR = "tensor"
    NDARRAY = "ndarray"
    TFTENSOR = "tftensor"
    STR = "strData"
    BINARY = "binData"
    JSON = "jsonData"
    CUSTOM = "customData"
    ARRAYS = "arrays"
    """Arrays by name, for protocols that have them. Only a request of this kind is answered so."""

    __hash__ = object.__hash__


TENSOR, NDARRAY, TFTENSOR, ARRAYS = Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR, Kind.ARRAYS
"""Constants for the call path: looking up a member of an Enum takes a thousand instructions (Python 3.11)."""
DATA_KINDS = frozenset({TENSOR, NDARRAY, TFTENSOR})
"""Kinds inside ``data``, which hold an array and may have names."""


@dataclass(slots=True)
class Payload:
    """One value and its kind.

    ``value`` is an ``ndarray`` for the kinds of ``data`` (in answers of kind
    ``NDARRAY`` also a list of plain values), ``str``, ``bytes``, any JSON
    value for ``JSON``, and a transport's own object for ``CUSTOM``. For ``ARRAYS`` it is a dict of arrays by
    name, or :class:`~seldon_runtime.plugin.Columns`; text in them is ``str`` or ``bytes`` in an array of
    objects. ``names`` are the feature or class names, of the only array for ``ARRAYS``; None only if the
    client sent null.
    """

    kind: Kind
    value: Any
    names: Sequence[Any] | None = ()


@dataclass(slots=True, unsafe_hash=True)  # without a hash it could not be a default value
class Meta:
    """The metadata beside a payload. Unknown fields of a request are dropped."""

    puid: str | int | float = ""
    tags: Mapping[str, Any] = field(default_factory=dict)
    routing: Mapping[str, int] = field(default_factory=dict)
    request_path: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[Mapping[str, Any]] = ()


NO_META = Meta()
"""The meta of all messages without one. No code may alter it in place."""


class SharedMeta(Meta):
    """The meta of many answers, which a codec writes once. No code may alter it in place."""

    __slots__ = ()


@dataclass(slots=True)
class Metric:
    """A valid custom metric of user code.

    ``type`` is COUNTER (add ``value``), GAUGE (set it) or TIMER (``value`` is in milliseconds).
    """

    key: str
    type: str
    value: float
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """A request or an answer.

    ``payload`` is None only inside a :class:`Feedback`. ``given_meta`` is the
    request's meta as the client sent it, for the ``meta`` argument of user methods.
    ``metrics`` are an answer's custom metrics, which observers count; codecs do not write them.
    ``headers`` are those of the response.
    """

    payload: Payload | None
    meta: Meta = NO_META
    given_meta: Any = None
    metrics: Sequence[Metric] = ()
    headers: Mapping[str, str] | None = None

    def with_own_meta(self) -> Message:
        """Return a copy whose meta no other message has, so that a plugin may alter it in place."""
        meta = self.meta
        own = Meta(meta.puid, {**meta.tags}, {**meta.routing}, {**meta.request_path}, copy(meta.metrics))
        return replace(self, meta=own)


@dataclass(slots=True)
class Feedback:
    """A reward for an earlier answer. Every part may be absent."""

    request: Message | None = None
    response: Message | None = None
    reward: float = 0.0
    truth: Message | None = None


Request = Message | Feedback | list[Message] | None
"""A list for AGGREGATE, a Feedback for SEND_FEEDBACK, None for HEALTH_STATUS and METADATA, else a Message."""
