"""The codecs of one inference over gRPC. They keep of the request what the answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from seldon_runtime.plugin import Limits, Message, Method, SeldonError
from seldon_runtime_grpc.protobuf import Part, nested
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.memory import request_memory
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse, ModelStreamInferResponse
from seldon_runtime_v2.grpc.request_message import inputs_of, parameters_of, parse
from seldon_runtime_v2.grpc.response_message import response_parts, set_parameters
from seldon_runtime_v2.mapping import answers
from seldon_runtime_v2.mapping.declared_inputs import check_outputs
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.requests import message_of
from seldon_runtime_v2.mapping.tensors import NONE, OutputTensor
from seldon_runtime_v2.statistics import MeasuredCodec, rows_of

FINAL = "triton_final_response"
"""The parameter that says whether a message of a stream is the last answer to its request."""
_INFER_RESPONSE = 2
"""The field of ModelStreamInferResponse."""


class InferCodec(MeasuredCodec):
    """A codec for one call.

    Args:
        model: the served model.
        limits: the limits of requests.
        heads: remembers requests and answers of the model.
    """

    name = "v2-grpc"
    media_type = "application/protobuf"
    memory_times = 512  # two bytes may be an empty input, which becomes a message and an array
    id = ""
    """The id of the request, empty before it is read."""
    _requested: Sequence[str] | None = None
    _is_raw = False

    def __init__(self, model: ServedModel, limits: Limits, heads: Heads) -> None:
        self._model = model
        self._limits = limits
        self._heads = heads

    def read(self, method: Method, wire: Any) -> Message:
        """Return the neutral request."""
        known = self._heads.known(wire)
        if known is None:
            neutral = self._parsed(wire)
        else:
            self._is_raw, self.rows = True, known.rows
            neutral = known.message(wire)
        self.read_at = perf_counter()
        return neutral

    def _parsed(self, wire: bytes) -> Message:
        model = self._model
        request = parse(wire)
        message = request.message
        self.id = message.id
        model.require(message.model_name, message.model_version or None)
        inputs = inputs_of(request, self._limits)
        self._is_raw = bool(request.raw)
        if message.outputs:
            self._requested = list(dict.fromkeys(output.name for output in message.outputs))
            if model.outputs:
                check_outputs(self._requested, model.outputs)
        neutral = message_of(model, inputs, parameters_of(message.parameters), message.id or None)
        self.rows = rows_of(model, inputs)
        self._heads.learn(request, inputs, self.rows)
        return neutral

    def memory(self, method: Method, wire: Any) -> int:
        """Return an upper estimate of the bytes that reading takes."""
        return request_memory(wire)

    def write(self, method: Method, answer: Message) -> bytes:
        """Return the serialized ModelInferResponse."""
        self.answered_at = perf_counter()
        is_plain = self._is_raw and not answer.meta.tags
        if is_plain and self._requested is None:
            known = self._heads.known_answer(self.id, answer.payload)
            if known is not None:
                return known
        outputs = answers.outputs_of(self._model, answer, self._requested)
        if is_plain and len(outputs) == 1 and outputs[0].parameters is NONE:
            return self._heads.answer(self.id, outputs[0])
        return b"".join(self._parts(answer, outputs, self.head()))

    def head(self) -> ModelInferResponse:
        """Return an answer without outputs."""
        model = self._model
        return ModelInferResponse(model_name=model.name, model_version=model.version or "", id=self.id)

    def _parts(
        self, answer: Message, outputs: Sequence[OutputTensor], head: ModelInferResponse
    ) -> list[Part]:
        if answer.meta.tags:
            tags = answers.parameters_of(answer, self._model.non_finite)
            tags.pop(FINAL, None)  # which the stream sets
            set_parameters(head.parameters, tags)
        return response_parts(head, outputs, is_raw=self._is_raw)


class StreamCodec(InferCodec):
    """A codec for one call of a stream, whose messages are those of Triton."""

    def write(self, method: Method, answer: Message) -> bytes:
        """Return the serialized ModelStreamInferResponse of the only answer."""
        return self._written(answer, is_final=True)

    def write_item(self, method: Method, item: Message) -> bytes:
        """Return the serialized ModelStreamInferResponse of one of several answers."""
        return self._written(item, is_final=False)

    def end(self) -> bytes:
        """Return the message after several answers, which has no outputs."""
        response = self._final_head(is_final=True)
        return ModelStreamInferResponse(infer_response=response).SerializeToString()

    def _written(self, answer: Message, *, is_final: bool) -> bytes:
        head = self._final_head(is_final=is_final)
        self.answered_at = perf_counter()
        outputs = answers.outputs_of(self._model, answer, self._requested)
        return b"".join(nested(_INFER_RESPONSE, self._parts(answer, outputs, head)))

    def _final_head(self, *, is_final: bool) -> ModelInferResponse:
        head = self.head()
        set_parameters(head.parameters, {FINAL: is_final})
        return head


def failure(error: SeldonError, codec: StreamCodec | None) -> bytes:
    """Return the message that reports the error of one request of a stream."""
    text = str(error.message).encode("utf-8", "backslashreplace").decode()
    response = ModelInferResponse(id=codec.id if codec is not None else "")
    set_parameters(response.parameters, {FINAL: True})
    return ModelStreamInferResponse(
        error_message=text or "no message", infer_response=response
    ).SerializeToString()
