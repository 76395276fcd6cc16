"""The fast reader and writer of messages with one tensor of raw numbers, and nothing beside it.

The requests of a client mostly differ in their numbers only, and nearly all programs write fields in the
order of their field numbers. Then a message ends with its raw contents. The bytes before them, the head, hold
everything else, including the size of the contents. So an answer is a head and its contents, and a request
that begins with a known head, and has its length, needs no parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seldon_runtime.plugin import Message, Payload
from seldon_runtime.protocols.remembered import LARGEST_BYTES, Remembered
from seldon_runtime_grpc.protobuf import head
from seldon_runtime_v2.grpc.contents import flat_binary
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse
from seldon_runtime_v2.grpc.request_message import InferRequest
from seldon_runtime_v2.grpc.request_wire import raw_at_end
from seldon_runtime_v2.mapping.known import AnswerKey, only_array, request_of, takes_named
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor, OutputTensor
from seldon_runtime_v2.tensors.binary import elements_of

_ID, _OUTPUTS, _RAW_OUTPUT_CONTENTS = 3, 5, 6
"""Fields of ModelInferResponse."""


class KnownRequest(NamedTuple):
    """A request without its numbers, as :class:`Heads` remembers it."""

    head: bytes
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    rows: int

    def message(self, wire: bytes) -> Message:
        """Return the neutral request of a wire request with this head, as ``message_of`` makes it."""
        array: Any = np.ndarray(self.shape, self.dtype, wire, len(self.head))
        return request_of(self.name, array)


class Heads:
    """Remembers the heads of requests to one model, and of its answers. Thread-safe.

    Args:
        model: the served model.
    """

    def __init__(self, model: ServedModel) -> None:
        self._requests: Remembered[int, KnownRequest] = Remembered()
        self._answers: Remembered[AnswerKey, bytes] = Remembered()
        self._has_declared_outputs = bool(model.outputs)
        self._takes_named = takes_named(model)
        self._model = ModelInferResponse(
            model_name=model.name, model_version=model.version or ""
        ).SerializeToString()

    def known(self, wire: bytes) -> KnownRequest | None:
        """Return what an earlier request with the same head and length had; None if it must be parsed."""
        found = self._requests.get(len(wire))
        return found if found is not None and wire.startswith(found.head) else None

    def learn(self, request: InferRequest, inputs: Sequence[InputTensor], rows: int) -> None:
        """Remember the head of a valid request, if it has one.

        A request with an id has none: clients give each request an id of its own.
        """
        message = request.message
        if len(inputs) != 1 or len(request.raw) != 1 or not self._takes_named:
            return
        (_, _, size), (given,) = request.raw[0], inputs
        has_more = message.id or message.parameters or message.outputs or given.parameters
        length = len(request.wire) - size
        if has_more or not size or not given.datatype.is_native or length > LARGEST_BYTES:
            return
        if raw_at_end(request.wire, size):
            start, array = request.wire[:length], given.array
            known = KnownRequest(start, given.name, array.dtype, array.shape, rows)
            self._requests.remember(len(request.wire), known)

    def known_answer(self, request_id: str, payload: Payload | None) -> bytes | None:
        """Return the serialized answer if an earlier one had the same head; else None."""
        found = only_array(payload)
        known = None if found is None else self._answers.get(found[0])
        if found is None or known is None:
            return None
        return self._joined(request_id, known, elements_of(found[1]))

    def answer(self, request_id: str, output: OutputTensor) -> bytes:
        """Return the serialized answer with one output of raw contents, and without any parameter."""
        array, datatype = output.array, output.datatype
        data = flat_binary(array, datatype)
        described = ModelInferResponse.InferOutputTensor(
            name=output.name, datatype=datatype.name, shape=array.shape
        ).SerializeToString()
        start = head(_OUTPUTS, len(described)) + described + head(_RAW_OUTPUT_CONTENTS, len(data))
        if len(start) <= LARGEST_BYTES and datatype.is_native and not self._has_declared_outputs:
            self._answers.remember((output.name, array.dtype, array.shape), start)
        return self._joined(request_id, start, data)

    def _joined(self, request_id: str, start: bytes, data: bytes | memoryview) -> bytes:
        if not request_id:
            return b"".join((self._model, start, data))
        text = request_id.encode()
        return b"".join((self._model, head(_ID, len(text)), text, start, data))
