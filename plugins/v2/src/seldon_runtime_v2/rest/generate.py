"""The codec of a generate call: flat JSON in, and flat JSON out, alone or as server-sent events.

Source: Triton's extension "Generate" (extension_generate.md).
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from seldon_runtime.plugin import Limits, Message, Method
from seldon_runtime.protocols.json_memory import json_memory
from seldon_runtime_rest.extension import Events, HttpResponse
from seldon_runtime_v2.mapping.answers import outputs_of, parameters_of
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.requests import message_of
from seldon_runtime_v2.rest.flat_request import parse, split
from seldon_runtime_v2.rest.response_body import values_of, written
from seldon_runtime_v2.statistics import MeasuredCodec, rows_of

_COPIES = 2


class GenerateCodec(MeasuredCodec):
    """A codec for one call.

    Args:
        model: the served model.
        limits: the limits of requests.
    """

    name = "v2-generate"
    media_type = "application/json"
    _id: str | None = None

    def __init__(self, model: ServedModel, limits: Limits) -> None:
        self._model = model
        self._limits = limits

    def read(self, method: Method, wire: Any) -> Message:
        """Return the neutral request."""
        inputs, parameters, self._id = split(self._model, parse(wire, self._limits), self._limits)
        message = message_of(self._model, inputs, parameters, self._id)
        self.rows = rows_of(self._model, inputs)
        self.read_at = perf_counter()
        return message

    def memory(self, method: Method, wire: Any) -> int:
        """Return an upper estimate of the bytes that reading takes."""
        return json_memory(wire, makes_arrays=True) * _COPIES

    def write(self, method: Method, answer: Message) -> HttpResponse:
        """Return the response. An output with one element is its bare value, another one a flat list."""
        self.answered_at = perf_counter()
        model = self._model
        members: dict[str, Any] = {**parameters_of(answer, model.non_finite), "model_name": model.name}
        if model.version is not None:
            members["model_version"] = model.version
        if self._id is not None:
            members["id"] = self._id
        outputs = outputs_of(model, answer, None)
        for output in outputs:
            values = values_of(output, model.non_finite)
            members[output.name] = _single(values[0]) if len(values) == 1 else values
        return HttpResponse(200, written(members, outputs, None, model.non_finite))


def _single(value: Any) -> Any:
    """Return the only value of an output; the writer does not know NumPy's own names of 64-bit integers."""
    return int(value) if isinstance(value, np.integer) else value


class GenerateEvents(Events):
    """Triton's events: ``data`` without an id, no event at the end, an error as an object ``error``."""

    first_has_status = True

    def item(self, number: int, body: bytes) -> bytes:
        """Return an event with the item."""
        return b"data: %b\n\n" % body

    def error(self, body: bytes) -> bytes:
        """Return an event with the error."""
        return b"data: %b\n\n" % body.rstrip(b"\n")

    def end(self) -> bytes:
        """Return nothing."""
        return b""
