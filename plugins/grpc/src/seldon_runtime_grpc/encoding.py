"""Neutral answers to serialized ``SeldonMessage``s."""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf.message import EncodeError

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import DATA_KINDS, NO_META, TENSOR, TFTENSOR, Kind, Message, Payload
from seldon_runtime_grpc import numbers, wire
from seldon_runtime_grpc.heads import EMPTY_META, WIRE_TYPE, AnswerHeads, texts_of
from seldon_runtime_grpc.meta import fill_meta
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, SeldonMessage
from seldon_runtime_grpc.tftensor import fill_tftensor
from seldon_runtime_grpc.values import fill, fill_list

_DATA = SeldonMessage.DATA_FIELD_NUMBER
_NDARRAY = DefaultData.NDARRAY_FIELD_NUMBER
_HEADS = AnswerHeads()
_UNWRITABLE = (TypeError, ValueError, OverflowError, RecursionError, EncodeError)


def encode_message(answer: Message) -> bytes:
    """The answer. Arrays of numbers are copied once, into the result.

    Raises:
        SeldonError: COMPONENT_FAILED when protobuf cannot hold it.
    """
    payload = answer.payload
    try:
        if payload is not None and payload.kind is TENSOR:
            array = payload.value
            head = _HEADS.of(array.shape, payload.names or (), array.size)
            return b"".join([_meta(answer), head, np.ascontiguousarray(array, WIRE_TYPE).data])
        if payload is not None and payload.kind in DATA_KINDS:
            return b"".join([_meta(answer), *wire.nested(_DATA, _data_parts(payload))])
        message = SeldonMessage()
        fill_meta(message.meta, answer.meta)
        if payload is not None:
            _fill_payload(message, payload)
        return message.SerializeToString()
    except _UNWRITABLE as error:
        raise unwritable(error) from error


def unwritable(error: Exception) -> SeldonError:
    """The component's answer is none; ``error`` says why."""
    return SeldonError(
        f"the component's answer cannot be written as protobuf: {error}", code=ErrorCode.COMPONENT_FAILED
    )


def _meta(answer: Message) -> bytes:
    if answer.meta is NO_META:
        return EMPTY_META
    message = SeldonMessage()
    fill_meta(message.meta, answer.meta)
    return message.SerializeToString()


def _fill_payload(message: SeldonMessage, payload: Payload) -> None:
    if payload.kind is Kind.STR:
        message.strData = payload.value
    elif payload.kind is Kind.BINARY:
        message.binData = payload.value
    elif payload.kind is Kind.JSON:
        fill(message.jsonData, payload.value)
    elif payload.value.DESCRIPTOR.full_name == "google.protobuf.Any":  # of whatever pool
        message.customData.MergeFromString(payload.value.SerializeToString())
        message.customData.SetInParent()
    else:
        message.customData.Pack(payload.value)


def _data_parts(payload: Payload) -> list[wire.Part]:
    data = DefaultData(names=texts_of(payload.names or ()))
    value = payload.value
    if payload.kind is TFTENSOR:
        fill_tftensor(data.tftensor, value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.ndim:
        return [data.SerializeToString(), *wire.nested(_NDARRAY, numbers.list_parts(value))]
    else:
        fill_list(data.ndarray, _listed(value))
    return [data.SerializeToString()]


def _listed(value: Any) -> list[Any]:
    listed = value if isinstance(value, list) else value.tolist()
    if not isinstance(listed, list):
        raise TypeError("an array without dimensions is no ndarray; answer a list or an array with one")
    return listed
