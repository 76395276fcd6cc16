"""The edges between nodes: a message as the next component receives it, as if a wire had carried it.

A component may alter what it receives, and may keep what it answered. So arrays are copied, numbers have 64
bits, lists are arrays, and JSON values are copies.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from seldon_runtime.plugin import ARRAYS, DATA_KINDS, ErrorCode, Kind, Limits, Message, Payload, SeldonError
from seldon_runtime.protocols.arrays import array_from_list
from seldon_runtime.protocols.plain_values import plain_value
from seldon_runtime.protocols.v1.codec import plain_dumps, plain_loads
from seldon_runtime.protocols.v1.message import encode_meta

_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_UNLIMITED = Limits(max_array_values=2**62)
"""The values are in memory already: the limit of requests does not apply between nodes."""
_JSON = Kind.JSON


def carried(message: Message, *, wants_meta: bool = False) -> Message:
    """Return a copy of an answer or of a request, for the next component.

    Args:
        message: the message; it stays as it is.
        wants_meta: True for a method that receives the meta as the client sent it.
    """
    payload = message.payload
    given = message.given_meta
    if given is None and wants_meta:
        given = encode_meta(message.meta)
    if payload is not None:
        value, names = payload.value, payload.names
        if type(value) is np.ndarray and value.dtype is _FLOAT64 and names is not None:  # most messages
            payload = Payload(payload.kind, value.copy(), [*names])
        else:
            payload = _payload(payload)
    return Message(payload, message.meta, given)


def _payload(payload: Payload) -> Payload:
    kind, value = payload.kind, payload.value
    if kind in DATA_KINDS:
        names = payload.names
        return Payload(kind, _array(value), names if names is None else list(names))
    if kind is _JSON:
        return Payload(kind, plain_loads(plain_dumps(value)))
    if kind is ARRAYS:
        return Payload(kind, {name: np.array(array) for name, array in value.items()}, payload.names)
    return payload  # text and bytes cannot be altered


def _array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        dtype = value.dtype
        if dtype is _FLOAT64:
            return value.copy()
        if dtype.kind == "f":
            return value.astype(_FLOAT64)
        if dtype.kind in "iu" and (dtype.kind == "i" or dtype.itemsize < 8):
            return value.astype(_INT64)
        if dtype.kind != "O":
            return value.copy()
        value = value.tolist()
    try:
        array = array_from_list(plain_value(value), "the answer of a node", _UNLIMITED)
    except SeldonError as error:
        raise SeldonError(error.message, code=ErrorCode.COMPONENT_FAILED) from error
    return deepcopy(array) if array.dtype.kind == "O" else array
