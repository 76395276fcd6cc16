"""The codec of one inference over HTTP. It keeps of the request what the answer depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import Limits, Message, Method, Payload, SeldonError
from seldon_runtime_rest.extension import HttpResponse
from seldon_runtime_v2.mapping.answers import outputs_of, parameters_of
from seldon_runtime_v2.mapping.declared_inputs import check_outputs
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.requests import message_of
from seldon_runtime_v2.mapping.tensors import NONE, InputTensor, Parameter
from seldon_runtime_v2.rest.binary_heads import KnownRequest as KnownBinaryRequest
from seldon_runtime_v2.rest.heads import Heads, KnownRequest
from seldon_runtime_v2.rest.memory import request_memory
from seldon_runtime_v2.rest.request_body import RequestedOutput, inputs_of, parse
from seldon_runtime_v2.rest.response_body import write
from seldon_runtime_v2.statistics import MeasuredCodec, rows_of
from seldon_runtime_v2.tensors.binary import from_binary
from seldon_runtime_v2.tensors.datatypes import TEXT
from seldon_runtime_v2.tensors.shapes import element_count, misfit

_BINARY, _BINARY_OUTPUT = "binary_data", "binary_data_output"
_RAW = 0
"""The header's value of a request that is nothing but the data of the only input."""


class InferCodec(MeasuredCodec):
    """A codec for one call.

    Args:
        model: the served model.
        limits: the limits of requests.
        heads: remembers requests and answers of the model.
        header_length: the length of the JSON before binary data; None if all of the body is JSON.
    """

    name = "v2"
    media_type = "application/json"
    _id: str | None = None
    _requested: Mapping[str, RequestedOutput] | None = None

    def __init__(
        self,
        model: ServedModel,
        limits: Limits,
        heads: Heads,
        header_length: int | None,
    ) -> None:
        self._model = model
        self._limits = limits
        self._heads = heads
        self._header_length = header_length
        self._is_binary = header_length == _RAW

    def read(self, method: Method, wire: Any) -> Message:
        """Return the neutral request."""
        body: bytes = wire
        length = self._header_length
        if length is None:
            found = self._heads.read(body)
            return self._parsed(body, body) if found is None else self._known(*found)
        if length == _RAW:
            return self._message([self._raw_input(body)], NONE)
        known = self._heads.binary.known(body, length)
        if known is None:
            return self._parsed(body[:length], body)
        self._is_binary, self._requested = known.is_binary, known.requested
        return self._known(known, known.message(body))

    def _known(self, known: KnownRequest | KnownBinaryRequest, message: Message) -> Message:
        self.rows = known.rows
        self.read_at = perf_counter()
        return message

    def _parsed(self, text: bytes, body: bytes) -> Message:
        model = self._model
        request = parse(text, self._limits)
        inputs = inputs_of(request, body, len(text), self._limits, as_bytes=model.has_infer)
        parameters: Mapping[str, Parameter] = request.parameters or NONE
        self._id = request.id
        if _BINARY_OUTPUT in parameters:
            self._is_binary = _truth(parameters[_BINARY_OUTPUT], f"{_BINARY_OUTPUT} is")
            parameters = {name: value for name, value in parameters.items() if name != _BINARY_OUTPUT}
        if request.outputs:
            self._requested = {output.name: output for output in request.outputs}
            for output in request.outputs:
                if output.parameters and _BINARY in output.parameters:
                    _truth(output.parameters[_BINARY], f"the output {output.name!r:.80} has the {_BINARY}")
            if model.outputs:
                check_outputs(self._requested, model.outputs)
        message = self._message(inputs, parameters)
        if text is body:
            self._heads.learn(body, request, inputs, self.rows)
        elif request.id is None and not parameters:
            self._heads.binary.learn(
                body,
                len(text),
                inputs,
                self.rows,
                is_binary=self._is_binary,
                requested=self._requested,
            )
        return message

    def memory(self, method: Method, wire: Any) -> int:
        """Return an upper estimate of the bytes that reading takes."""
        return request_memory(wire, self._header_length)

    def write(self, method: Method, answer: Message) -> HttpResponse:
        """Return the response."""
        self.answered_at = perf_counter()
        is_plain = self._id is None and not answer.meta.tags
        known = self._known_answer(answer.payload) if is_plain else None
        if known is not None:
            return known
        model = self._model
        head: dict[str, Any] = {"model_name": model.name}
        if model.versions:
            head["model_version"] = model.version
        if self._id is not None:
            head["id"] = self._id
        if answer.meta.tags:
            head["parameters"] = parameters_of(answer, model.non_finite)
        if self._requested is None and not self._is_binary:
            outputs = outputs_of(model, answer, None)
            if is_plain and len(outputs) == 1 and not outputs[0].parameters:
                self._heads.learn_answer(outputs[0])
            return write(head, outputs, None, model.non_finite)
        names = None if self._requested is None else list(self._requested)
        outputs = outputs_of(model, answer, names)
        response = write(head, outputs, self._wants_binary, model.non_finite)
        if is_plain and len(outputs) == 1 and self._wants_binary(outputs[0].name):
            self._heads.binary.learn_answer(outputs[0], response)
        return response

    def _known_answer(self, payload: Payload | None) -> HttpResponse | None:
        requested = self._requested
        if requested is None:
            heads = self._heads
            return heads.binary.known_answer(payload) if self._is_binary else heads.known_answer(payload)
        if len(requested) != 1:
            return None
        (name,) = requested
        return self._heads.binary.known_answer(payload, name) if self._wants_binary(name) else None

    def _message(self, inputs: Sequence[InputTensor], parameters: Mapping[str, Parameter]) -> Message:
        message = message_of(self._model, inputs, parameters, self._id)
        self.rows = rows_of(self._model, inputs)
        self.read_at = perf_counter()
        return message

    def _wants_binary(self, name: str) -> bool:
        """Return whether the client asks for binary data. An output that it names is JSON by default."""
        if self._requested is None:
            return self._is_binary
        return (self._requested[name].parameters or NONE).get(_BINARY) is True

    def _raw_input(self, body: bytes) -> InputTensor:
        """Return the input of a raw binary request, whose shape follows from the size of the body."""
        declared = list(self._model.inputs.values())
        if len(declared) != 1 or sum(size < 0 for size in declared[0].shape) > 1:
            raise SeldonError(
                "a raw binary request needs a model with one declared input, of which at most one size varies"
            )
        (only,) = declared
        if only.datatype.kind is TEXT:
            return InputTensor(only.name, only.datatype, _single(body, _filled(only.shape, 1), only.name))
        count, left = divmod(len(body), only.datatype.item_bytes)
        if left:
            raise SeldonError(
                f"the body has {len(body)} bytes, expected whole elements of {only.datatype.name}"
            )
        shape = _filled(only.shape, count)
        count = element_count(shape, only.name, self._limits)
        array = from_binary(only.datatype, shape, count, body, 0, len(body), only.name)
        return InputTensor(only.name, only.datatype, array)


def _truth(value: Parameter, what: str) -> bool:
    if isinstance(value, bool):
        return value
    raise SeldonError(f"{what} {value!r:.40}, expected true or false")


def _filled(shape: tuple[int, ...], count: int) -> list[int]:
    """Return a shape with the size that varies, such that it has ``count`` elements if any size does that."""
    fixed = 1
    for size in shape:
        fixed *= size if size >= 0 else 1
    return [size if size >= 0 else count // max(1, fixed) for size in shape]


def _single(element: bytes, shape: list[int], name: str) -> NDArray[Any]:
    """Return an array of BYTES with one element, which a raw binary request holds without its length."""
    count = prod(shape)
    if count != 1:
        raise misfit(name, shape, f"{count} elements of BYTES", "1, the body of a raw binary request")
    array = np.empty(shape, object)
    array.fill(element)
    return array
