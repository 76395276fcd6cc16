"""The fast reader and writer of tensor messages, which does without protobuf's own classes.

The messages of a client mostly differ in their numbers only. Nearly all programs write fields in the order
of their field numbers. Then a serialized message ends with the numbers. The bytes before them, the head, hold
everything else, including the count of numbers. So an answer is a head and its numbers. A request that begins
with a known head, and has the length for that head, needs no parsing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from seldon_runtime.plugin import NO_META, TENSOR, Message, Payload
from seldon_runtime.protocols.remembered import LARGEST_BYTES, Remembered
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, Meta, SeldonMessage, Tensor
from seldon_runtime_grpc.v1 import wire

EMPTY_META = SeldonMessage(meta=Meta()).SerializeToString()
_DATA, _TENSOR = SeldonMessage.DATA_FIELD_NUMBER, DefaultData.TENSOR_FIELD_NUMBER
_VALUES, _VALUE_BYTES = Tensor.VALUES_FIELD_NUMBER, 8
WIRE_TYPE, _NATIVE_TYPE = np.dtype("<f8"), np.dtype(np.float64)


def head_of(shape: Sequence[int], names: Sequence[str], count: int) -> bytes:
    """Return the bytes before the ``count`` values of a SeldonMessage's tensor, without its meta."""
    values_bytes = count * _VALUE_BYTES
    tensor = Tensor(shape=shape).SerializeToString()
    if count:
        tensor += wire.head(_VALUES, values_bytes)
    data = DefaultData(names=names).SerializeToString()
    data += wire.head(_TENSOR, len(tensor) + values_bytes) + tensor
    return wire.head(_DATA, len(data) + values_bytes) + data


def texts_of(names: Iterable[Any]) -> list[str]:
    """Return the names as texts."""
    return [name if isinstance(name, str) else str(name) for name in names]


class AnswerHeads:
    """Remembers the heads of answers. Thread-safe."""

    def __init__(self) -> None:
        self._known: Remembered[tuple[object, ...], bytes] = Remembered()

    def of(self, shape: tuple[int, ...], names: Sequence[Any], count: int) -> bytes:
        """Return the head as :func:`head_of` does; names become texts."""
        try:
            head = self._known.get((shape, *names))
        except TypeError:  # a name without a hash
            head = None
        if head is None:
            texts = texts_of(names)
            head = head_of(shape, texts, count)
            if len(head) <= LARGEST_BYTES:
                self._known.remember((shape, *texts), head)
        return head


class RequestHeads:
    """Reads requests that differ from earlier ones in their numbers only. Thread-safe."""

    def __init__(self) -> None:
        self._known: Remembered[int, _RequestHead] = Remembered()

    def read(self, message: bytes) -> Message | None:
        """Return the decoded request; None when its head is not known, so that it must be parsed."""
        head = self._known.get(len(message))
        if head is None or not message.startswith(head.data):
            return None
        values = np.ndarray(head.shape, WIRE_TYPE, message, len(head.data)).astype(_NATIVE_TYPE)
        return Message(Payload(TENSOR, values, [*head.names]), NO_META, {})

    def knows(self, message: bytes) -> bool:
        """Return whether a request need not be parsed."""
        head = self._known.get(len(message))
        return head is not None and message.startswith(head.data)

    def learn(self, message: bytes, request: Message) -> None:
        """Remember the head of a message, if it has one, with the request that was parsed from it."""
        payload = request.payload
        if payload is None or payload.kind is not TENSOR or request.meta is not NO_META:
            return
        names, array = payload.names or (), payload.value
        meta = EMPTY_META if message.startswith(EMPTY_META) else b""
        head = meta + head_of(array.shape, names, array.size)
        is_whole = message.startswith(head) and len(message) == len(head) + array.size * _VALUE_BYTES
        if is_whole and len(head) <= LARGEST_BYTES:
            self._known.remember(len(message), _RequestHead(head, array.shape, tuple(names)))


class _RequestHead(NamedTuple):
    data: bytes
    shape: tuple[int, ...]
    names: Sequence[str]
