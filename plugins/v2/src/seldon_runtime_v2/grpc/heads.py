"""The fast reader and writer of messages with one tensor of raw contents.

The requests of a client mostly differ in their numbers only, and nearly all programs write fields in the
order of their field numbers. Then a message ends with its raw contents. The bytes before them, the head, hold
everything else, including the size of the contents. So an answer is a head and its contents, and a request
that begins with a known head, and has its length, needs no parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from seldon_runtime_grpc.protobuf import head
from seldon_runtime_v2.grpc.contents import flat_binary
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse
from seldon_runtime_v2.grpc.request_message import InferRequest, parameters_of
from seldon_runtime_v2.grpc.request_wire import raw_at_end
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor, OutputTensor, Parameter
from seldon_runtime_v2.tensors.binary import from_binary
from seldon_runtime_v2.tensors.datatypes import TEXT, Datatype

_ID, _OUTPUTS, _RAW_OUTPUT_CONTENTS = 3, 5, 6
"""Fields of ModelInferResponse."""
_MOST_KNOWN = 256
_LARGEST_BYTES = 4096
"""The longest head that is remembered, so that clients cannot fill the memory."""

_Key = TypeVar("_Key")
_Known = TypeVar("_Known")


class KnownRequest(NamedTuple):
    """A request without its numbers, as :class:`Heads` remembers it."""

    head: bytes
    model_name: str
    model_version: str | None
    parameters: dict[str, Parameter]
    requested: Sequence[str] | None
    """The names of the requested outputs; None for all."""
    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    elements: int
    tensor_parameters: dict[str, Parameter]

    def input_of(self, wire: bytes) -> InputTensor:
        """Return the input of a request with this head.

        Raises:
            SeldonError: BAD_DATA when the contents do not fit the datatype.
        """
        start = len(self.head)
        size = len(wire) - start
        array = from_binary(self.datatype, self.shape, self.elements, wire, start, size, self.name)
        return InputTensor(self.name, self.datatype, array, self.tensor_parameters)


class Heads:
    """Remembers the heads of requests to one model, and of its answers. Thread-safe.

    Args:
        model: the served model.
    """

    def __init__(self, model: ServedModel) -> None:
        self._requests: dict[int, KnownRequest] = {}
        self._answers: dict[tuple[str, str, tuple[int, ...]], bytes] = {}
        self._model = ModelInferResponse(
            model_name=model.name, model_version=model.version or ""
        ).SerializeToString()

    def known(self, wire: bytes) -> KnownRequest | None:
        """Return what an earlier request with the same head and length had; None if it must be parsed."""
        found = self._requests.get(len(wire))
        return found if found is not None and wire.startswith(found.head) else None

    def learn(
        self, request: InferRequest, inputs: Sequence[InputTensor], requested: Sequence[str] | None
    ) -> None:
        """Remember the head of a valid request, if it has one.

        A request with an id has none: clients give each request an id of its own.
        """
        message = request.message
        if len(inputs) != 1 or message.id or len(request.raw) != 1:
            return
        (_, _, size), (given,) = request.raw[0], inputs
        length = len(request.wire) - size
        if length > _LARGEST_BYTES or not raw_at_end(request.wire, size):
            return
        known = KnownRequest(
            request.wire[:length],
            message.model_name,
            message.model_version or None,
            parameters_of(message.parameters),
            requested,
            given.name,
            given.datatype,
            given.array.shape,
            given.array.size,
            dict(given.parameters),
        )
        _remember(self._requests, len(request.wire), known)

    def answer(self, request_id: str, output: OutputTensor) -> bytes:
        """Return the serialized answer with one output of raw contents, and without any parameter."""
        array, datatype = output.array, output.datatype
        data = flat_binary(array, datatype)
        key = output.name, datatype.name, array.shape
        known = self._answers.get(key)
        if known is None:
            described = ModelInferResponse.InferOutputTensor(
                name=output.name, datatype=datatype.name, shape=array.shape
            ).SerializeToString()
            known = head(_OUTPUTS, len(described)) + described + head(_RAW_OUTPUT_CONTENTS, len(data))
            if len(known) <= _LARGEST_BYTES and datatype.kind is not TEXT:  # whose size is each answer's own
                _remember(self._answers, key, known)
        if not request_id:
            return b"".join((self._model, known, data))
        text = request_id.encode()
        return b"".join((self._model, head(_ID, len(text)), text, known, data))


def _remember(known: dict[_Key, _Known], key: _Key, what: _Known) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = what
