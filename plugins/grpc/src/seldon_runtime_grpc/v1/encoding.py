"""Neutral answers as serialized ``SeldonMessage``s."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf.message import EncodeError

from seldon_runtime.plugin import (
    DATA_KINDS,
    NO_META,
    TENSOR,
    TFTENSOR,
    ErrorCode,
    Kind,
    Message,
    Payload,
    SeldonError,
)
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_array
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, SeldonMessage
from seldon_runtime_grpc.v1 import numbers, wire
from seldon_runtime_grpc.v1.heads import EMPTY_META, WIRE_TYPE, AnswerHeads, texts_of
from seldon_runtime_grpc.v1.meta import fill_meta
from seldon_runtime_grpc.v1.tftensor import fill_tftensor
from seldon_runtime_grpc.v1.values import fill, fill_list

_DATA = SeldonMessage.DATA_FIELD_NUMBER
_NDARRAY = DefaultData.NDARRAY_FIELD_NUMBER
_HEADS = AnswerHeads()
_ERROR = NonFinite.ERROR  # looking up a member of an Enum takes a thousand instructions (Python 3.11)
_UNWRITABLE = (TypeError, ValueError, OverflowError, RecursionError, EncodeError)


def encode_message(answer: Message, policy: NonFinite = NonFinite.NULL) -> bytes:
    """Return the answer, serialized. Arrays of numbers are copied once, into the result.

    Args:
        answer: the neutral answer.
        policy: the form of NaN and infinities in a ``Value``; a ``tensor`` holds them, but for ERROR.

    Raises:
        SeldonError: COMPONENT_FAILED when protobuf cannot hold the answer.
    """
    payload = answer.payload
    try:
        if payload is not None and payload.kind is TENSOR:
            array = payload.value
            if policy is _ERROR:
                finite(array, policy)
            head = _HEADS.of(array.shape, payload.names or (), array.size)
            return b"".join([_meta(answer, policy), head, np.ascontiguousarray(array, WIRE_TYPE).data])
        if payload is not None and payload.kind in DATA_KINDS:
            return b"".join([_meta(answer, policy), *wire.nested(_DATA, _data_parts(payload, policy))])
        message = SeldonMessage()
        fill_meta(message.meta, answer.meta, policy)
        if payload is not None:
            _fill_payload(message, payload, policy)
        return message.SerializeToString()
    except _UNWRITABLE as error:
        raise unwritable(error) from error


def unwritable(error: Exception) -> SeldonError:
    """Return the error for an answer that protobuf cannot hold; ``error`` says why."""
    return SeldonError(
        f"the component's answer cannot be written as protobuf: {error}", code=ErrorCode.COMPONENT_FAILED
    )


def _meta(answer: Message, policy: NonFinite) -> bytes:
    if answer.meta is NO_META:
        return EMPTY_META
    message = SeldonMessage()
    fill_meta(message.meta, answer.meta, policy)
    return message.SerializeToString()


def _fill_payload(message: SeldonMessage, payload: Payload, policy: NonFinite) -> None:
    if payload.kind is Kind.STR:
        message.strData = payload.value
    elif payload.kind is Kind.BINARY:
        message.binData = payload.value
    elif payload.kind is Kind.JSON:
        fill(message.jsonData, payload.value, policy)
    elif payload.value.DESCRIPTOR.full_name == "google.protobuf.Any":  # of whatever pool
        message.customData.MergeFromString(payload.value.SerializeToString())
        message.customData.SetInParent()
    else:
        message.customData.Pack(payload.value)


def _data_parts(payload: Payload, policy: NonFinite) -> list[wire.Part]:
    data = DefaultData(names=texts_of(payload.names or ()))
    value = payload.value
    if payload.kind is TFTENSOR:
        fill_tftensor(data.tftensor, value)
    elif _is_numeric(value):
        return [data.SerializeToString(), *wire.nested(_NDARRAY, numbers.list_parts(value))]
    else:
        fill_list(data.ndarray, _listed(value), policy)
    return [data.SerializeToString()]


def _is_numeric(value: Any) -> bool:
    """Return whether the value is an array of numbers only, each of which a ``Value`` can hold."""
    if type(value) is not np.ndarray or not value.ndim:
        return False
    kind = value.dtype.kind
    return kind in "iu" or (kind == "f" and bool(np.isfinite(value).all()))


def _listed(value: Any) -> list[Any]:
    listed = plain_array(value) if isinstance(value, np.ndarray) else value
    if not isinstance(listed, list):
        raise TypeError(
            "an array without dimensions cannot be an ndarray; return an array with one, or a list"
        )
    return listed
