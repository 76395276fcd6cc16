"""The edges between nodes: a message as the next component receives it, as if a wire had carried it.

A component may alter what it receives, and may keep what it answered. So arrays are copied, numbers have 64
bits unless a tftensor names its type, lists are arrays, and JSON values are copies.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from seldon_runtime.plugin import (
    ARRAYS,
    DATA_KINDS,
    NO_META,
    TFTENSOR,
    ErrorCode,
    Kind,
    Limits,
    Message,
    Meta,
    Payload,
    SeldonError,
)
from seldon_runtime.protocols.arrays import array_from_list
from seldon_runtime.protocols.plain_values import plain_array, plain_value
from seldon_runtime.protocols.v1.codec import plain_dumps, plain_loads
from seldon_runtime.protocols.v1.message import encode_meta
from seldon_runtime.protocols.v1.tensorproto import decode_tensorproto, encode_tensorproto

_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_UNLIMITED = Limits(max_array_values=2**62)
"""The values are in memory already: the limit of requests does not apply between nodes."""
_JSON = Kind.JSON
_SCALARS = frozenset({str, int, float, bool, type(None)})
"""The types of tags that cannot be altered."""


def carried(message: Message, *, wants_meta: bool = False) -> Message:
    """Return a copy of an answer or of a request, for the next component.

    Args:
        message: the message; it stays as it is.
        wants_meta: True for a method that receives the meta as the client sent it.

    Raises:
        SeldonError: COMPONENT_FAILED; no wire can carry the answer. The message names the node.
    """
    payload = message.payload
    meta, given = message.meta, message.given_meta
    if wants_meta:
        meta, given = own_meta(meta, given)
    if payload is not None:
        value, names = payload.value, payload.names
        if type(value) is np.ndarray and value.dtype is _FLOAT64 and names is not None:  # most messages
            payload = Payload(payload.kind, value.copy(), [*names])
        else:
            payload = _payload(payload, meta)
    return Message(payload, meta, given)


def own_meta(meta: Meta, given: Any) -> tuple[Meta, Any]:
    """Return copies of a meta and of its form on the wire, for a component that may alter the latter.

    They share their members, as after reading a request: an altered tag is in the component's answer.

    Args:
        meta: the meta.
        given: the form in which the client sent it; None if a node has answered, or the client sent none.
    """
    if given is None:
        given = encode_meta(meta)
    members, given = deepcopy(((meta.tags, meta.routing, meta.request_path, meta.metrics), given))
    return (meta if meta is NO_META else Meta(meta.puid, *members)), given


def with_own_tags(answer: Message) -> Message:
    """Return an answer whose tags its component does not share, as it may alter them in its next call."""
    tags = answer.meta.tags
    if _SCALARS.issuperset(map(type, tags.values())):
        return answer
    return replace(answer, meta=replace(answer.meta, tags=deepcopy(tags)))


def kept(answer: Any) -> Any:
    """Return an answer that waits for others: a message with a copy of its value.

    Meanwhile its component may have another call, and alter what it has answered in this one.
    """
    if not isinstance(answer, Message) or answer.payload is None:
        return answer
    payload = answer.payload
    value, names = payload.value, payload.names
    value = value.copy() if type(value) is np.ndarray else deepcopy(value)
    return replace(answer, payload=Payload(payload.kind, value, names if names is None else [*names]))


def _payload(payload: Payload, meta: Meta) -> Payload:
    try:
        return _copied(payload)
    except (SeldonError, TypeError, ValueError, RecursionError) as error:
        node = next(map(repr, meta.request_path), None)  # the last node that answered comes first
        where = "the answer of a node" if node is None else f"the answer of the node {node}"
        reason = error.message if isinstance(error, SeldonError) else str(error)
        raise SeldonError(
            f"{where} cannot be passed on: {reason}", code=ErrorCode.COMPONENT_FAILED
        ) from error


def _copied(payload: Payload) -> Payload:
    kind, value = payload.kind, payload.value
    if kind in DATA_KINDS:
        names = payload.names
        array = _tensor(value) if kind is TFTENSOR else _array(value)
        return Payload(kind, array, names if names is None else list(names))
    if kind is _JSON:
        return Payload(kind, plain_loads(plain_dumps(value)))
    if kind is ARRAYS:
        return Payload(kind, {name: _named_array(array) for name, array in value.items()}, payload.names)
    return payload  # text and bytes cannot be altered


def _named_array(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype.kind == "c":
        raise TypeError(f"an array is of {array.dtype}, expected real numbers. Return its .real and .imag")
    return np.array(array)


def _tensor(value: Any) -> np.ndarray[Any, Any]:
    """Return the values of a tftensor, whose type the wire names."""
    array = np.asarray(value)
    if array.dtype is _FLOAT64:
        return array.copy()
    return decode_tensorproto(encode_tensorproto(array), where="it", max_values=max(array.size, 1))


def _array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        dtype = value.dtype
        if dtype is _FLOAT64:
            return value.copy()
        if dtype.kind == "f":
            return value.astype(_FLOAT64)
        if dtype.kind in "iu" and (dtype.kind == "i" or dtype.itemsize < 8):
            return value.astype(_INT64)
        if dtype.kind in "ubU":
            return value.copy()
        value = plain_array(value)
    array = array_from_list(plain_value(value), "it", _UNLIMITED)
    return deepcopy(array) if array.dtype.kind == "O" else array
