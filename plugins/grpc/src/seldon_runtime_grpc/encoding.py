"""Neutral answers to serialized ``SeldonMessage``s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from google.protobuf.message import EncodeError

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import DATA_KINDS, TENSOR, TFTENSOR, Kind, Message, Payload
from seldon_runtime_grpc import numbers, wire
from seldon_runtime_grpc.meta import fill_meta
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, SeldonMessage
from seldon_runtime_grpc.tftensor import fill_tftensor
from seldon_runtime_grpc.values import fill, fill_list

_DATA = SeldonMessage.DATA_FIELD_NUMBER
_TENSOR, _NDARRAY = DefaultData.TENSOR_FIELD_NUMBER, DefaultData.NDARRAY_FIELD_NUMBER
_UNWRITABLE = (TypeError, ValueError, OverflowError, RecursionError, EncodeError)


def encode_message(answer: Message) -> bytes:
    """The answer. Arrays of numbers are copied once, into the result.

    Raises:
        SeldonError: COMPONENT_FAILED when protobuf cannot hold it.
    """
    try:
        message = SeldonMessage()
        fill_meta(message.meta, answer.meta)
        payload = answer.payload
        if payload is not None and payload.kind in DATA_KINDS:
            if payload.kind is not TENSOR or payload.value.size > numbers.FEW:
                data = wire.nested(_DATA, _data_parts(payload))
                return b"".join([message.SerializeToString(), *data])
            message.data.names.extend(_names(payload.names or ()))
            numbers.fill_tensor(message.data.tensor, payload.value)
        elif payload is not None:
            _fill_payload(message, payload)
        return message.SerializeToString()
    except _UNWRITABLE as error:
        raise unwritable(error) from error


def unwritable(error: Exception) -> SeldonError:
    """The component's answer is none; ``error`` says why."""
    return SeldonError(
        f"the component's answer cannot be written as protobuf: {error}", code=ErrorCode.COMPONENT_FAILED
    )


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
    data = DefaultData(names=_names(payload.names or ()))
    value = payload.value
    if payload.kind is TENSOR:
        return [data.SerializeToString(), *wire.nested(_TENSOR, numbers.tensor_parts(value))]
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


def _names(names: Iterable[Any]) -> list[str]:
    return [name if isinstance(name, str) else str(name) for name in names]
