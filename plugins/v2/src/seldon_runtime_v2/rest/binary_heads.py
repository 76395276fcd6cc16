"""The fast reader and writer of binary data of one tensor of numbers.

The JSON before binary data does not depend on the numbers. So a request whose JSON is that of an earlier one
needs no parsing, and the JSON of an answer depends on the output's name, datatype and shape only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from seldon_runtime.plugin import Message, Payload
from seldon_runtime.protocols.remembered import LARGEST_BYTES, Remembered
from seldon_runtime_rest.extension import HttpResponse
from seldon_runtime_v2.mapping.known import AnswerKey, only_array, request_of, takes_named
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor, OutputTensor
from seldon_runtime_v2.rest.request_body import BINARY_SIZE, HEADER, RequestedOutput
from seldon_runtime_v2.tensors.binary import elements_of

_ONLY_SIZE = {BINARY_SIZE}


class KnownRequest(NamedTuple):
    """A request without its binary data, as :class:`BinaryHeads` remembers it."""

    start: int
    """The place where the binary data begin."""
    end: int
    """The length of the body."""
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    rows: int
    """The rows of the batch, for the statistics."""
    is_binary: bool
    """True if the client asks for binary data of all outputs."""
    requested: Mapping[str, RequestedOutput] | None

    def message(self, body: bytes) -> Message:
        """Return the neutral request of a body with this JSON and length, as ``message_of`` makes it."""
        array: Any = np.ndarray(self.shape, self.dtype, body, self.start)
        return request_of(self.name, array)


class BinaryHeads:
    """Remembers the JSON before the binary data of requests to one model, and of its answers. Thread-safe.

    Args:
        model: the served model.
    """

    def __init__(self, model: ServedModel) -> None:
        self._requests: Remembered[bytes, KnownRequest] = Remembered()
        self._answers: Remembered[AnswerKey, HttpResponse] = Remembered()
        self._takes_named = takes_named(model)
        self._has_declared_outputs = bool(model.outputs)

    def known(self, body: bytes, start: int) -> KnownRequest | None:
        """Return what an earlier request with the same JSON and length had; None if it must be parsed.

        Args:
            body: the whole body.
            start: the place where binary data begin.
        """
        if start > LARGEST_BYTES:
            return None
        found = self._requests.get(body[:start])
        return found if found is not None and found.end == len(body) else None

    def learn(
        self,
        body: bytes,
        start: int,
        inputs: Sequence[InputTensor],
        rows: int,
        *,
        is_binary: bool,
        requested: Mapping[str, RequestedOutput] | None,
    ) -> None:
        """Remember a valid request of one tensor of numbers, without an id and parameters of its own."""
        if len(inputs) != 1 or start > LARGEST_BYTES or not self._takes_named:
            return
        (given,), array = inputs, inputs[0].array
        if given.parameters.keys() != _ONLY_SIZE or not given.datatype.is_native:
            return
        known = KnownRequest(
            start, len(body), given.name, array.dtype, array.shape, rows, is_binary, requested
        )
        self._requests.remember(body[:start], known)

    def known_answer(self, payload: Payload | None, wanted: str | None = None) -> HttpResponse | None:
        """Return the response if an earlier one had the same JSON; else None.

        Args:
            payload: the answer.
            wanted: the only output that the client asks for; None for all.
        """
        found = only_array(payload)
        if found is None:
            return None
        key, array = found
        known = self._answers.get(key)
        if known is None or (wanted is not None and wanted != key[0]):
            return None
        return HttpResponse(
            200, b"".join((known.body, elements_of(array))), known.content_type, known.headers
        )

    def learn_answer(self, output: OutputTensor, response: HttpResponse) -> None:
        """Remember the JSON of a response with one binary output, no id, and no parameter but its size."""
        if self._has_declared_outputs or not output.datatype.is_native or output.parameters:
            return
        length = int(dict(response.headers)[HEADER])
        if length <= LARGEST_BYTES:
            known = HttpResponse(200, response.body[:length], response.content_type, response.headers)
            self._answers.remember((output.name, output.array.dtype, output.array.shape), known)
