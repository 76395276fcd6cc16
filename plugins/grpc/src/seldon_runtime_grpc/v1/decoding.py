"""Protobuf requests as neutral ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime import plugin as neutral
from seldon_runtime.plugin import NDARRAY, TENSOR, TFTENSOR, Kind, Limits, Payload, SeldonError
from seldon_runtime.protocols.arrays import array_from_list, reshaped
from seldon_runtime_grpc.protos.pool import as_known_to_users
from seldon_runtime_grpc.v1 import numbers
from seldon_runtime_grpc.v1.meta import decode_meta
from seldon_runtime_grpc.v1.tftensor import decode_tftensor
from seldon_runtime_grpc.v1.values import list_to_python, to_python

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import ListValue

    from seldon_runtime_grpc.protos.prediction_pb2 import (
        DefaultData,
        Feedback,
        SeldonMessage,
        SeldonMessageList,
        Tensor,
    )


def decode_message(message: SeldonMessage, limits: Limits, where: str = "the request") -> neutral.Message:
    """Return a request, which must have a payload.

    Raises:
        SeldonError: BAD_DATA naming the field, the value seen and what was expected.
    """
    payload = _payload(message, limits, where)
    if payload is None:
        raise SeldonError(f"{where} has no payload, expected data, jsonData, strData, binData or customData")
    meta, given_meta = decode_meta(message)
    return neutral.Message(payload, meta, given_meta)


def decode_messages(messages: SeldonMessageList, limits: Limits) -> list[neutral.Message]:
    """Return the requests of a combiner, at least one.

    Raises:
        SeldonError: BAD_DATA, as for :func:`decode_message`.
    """
    if not messages.seldonMessages:
        raise SeldonError("seldonMessages is empty, expected one message at least")
    return [
        decode_message(message, limits, f"seldonMessages[{index}]")
        for index, message in enumerate(messages.seldonMessages)
    ]


def decode_feedback(feedback: Feedback, limits: Limits) -> neutral.Feedback:
    """Return a feedback; its messages may be absent or without payload.

    Raises:
        SeldonError: BAD_DATA, as for :func:`decode_message`.
    """

    def part(name: str) -> neutral.Message | None:
        if not feedback.HasField(name):
            return None
        message: SeldonMessage = getattr(feedback, name)
        return neutral.Message(_payload(message, limits, name), *decode_meta(message))

    return neutral.Feedback(
        request=part("request"), response=part("response"), reward=feedback.reward, truth=part("truth")
    )


def _payload(message: SeldonMessage, limits: Limits, where: str) -> Payload | None:
    kind = message.WhichOneof("data_oneof")
    if kind is None:
        return None
    if kind == "data":
        return _data(message.data, limits, "data" if where == "the request" else f"{where}.data")
    value = getattr(message, kind)
    if kind == "customData":  # of protobuf's default pool, whose messages user code packs and unpacks
        return Payload(Kind.CUSTOM, as_known_to_users(value))
    return Payload(Kind(kind), to_python(value) if kind == "jsonData" else value)


def _data(data: DefaultData, limits: Limits, where: str) -> Payload:
    names = data.names[:]
    kind = data.WhichOneof("data_oneof")
    if kind == "tensor":
        return Payload(TENSOR, _tensor(data.tensor, limits, f"{where}.tensor"), names)
    if kind == "ndarray":
        return Payload(NDARRAY, _ndarray(data.ndarray, limits, f"{where}.ndarray"), names)
    if kind == "tftensor":
        return Payload(TFTENSOR, decode_tftensor(data.tftensor, f"{where}.tftensor", limits), names)
    return Payload(NDARRAY, np.empty(0), names)


def _tensor(tensor: Tensor, limits: Limits, where: str) -> NDArray[Any]:
    limits.check_values(len(tensor.values), f"{where}.values")
    return reshaped(numbers.from_tensor(tensor), tensor.shape[:], f"{where}.shape")


def _ndarray(values: ListValue, limits: Limits, where: str) -> NDArray[Any]:
    few = values.ByteSize() <= numbers.FEW_LISTED_BYTES
    array = None if few else numbers.from_list(values.SerializeToString())
    if array is None:
        return array_from_list(list_to_python(values), where, limits)
    limits.check_values(array.size, where)
    return array
