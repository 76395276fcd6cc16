"""The fast reader and writer of small JSON with one tensor of numbers, and nothing beside it.

The requests of a client mostly differ in their numbers only. So a request that is the text of an earlier one
before its numbers and behind them needs no parsing but that of the numbers. In the same way, an answer is a
text that depends on the output's name, datatype and shape, around its numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
import orjson

from seldon_runtime.plugin import Limits, Message, Payload, SeldonError
from seldon_runtime.protocols.remembered import LARGEST_BYTES, Remembered
from seldon_runtime_rest.extension import HttpResponse
from seldon_runtime_v2.mapping.known import AnswerKey, only_array, request_of, takes_named
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor, OutputTensor
from seldon_runtime_v2.rest.binary_heads import BinaryHeads
from seldon_runtime_v2.rest.request_body import LARGE_BYTES, InferRequest, LargeRequest, parse
from seldon_runtime_v2.tensors.datatypes import FLOAT, WHOLE

_DATA = b'"data"'
_PROBES: tuple[tuple[bytes, list[int]], ...] = ((b"[7]", [7]), (b"[8]", [8]))
"""Two texts in place of the data, and their values: one alone may stand elsewhere in a request, too."""
_END = b"}]}"
_MOST_NUMBERS = 256
"""The most numbers of an answer that are searched for null."""
_WIDE = {"INT64": "q", "UINT64": "Q"}
"""Types of :mod:`struct` where NumPy has another letter."""
_FLAT: Any = {
    FLOAT: msgspec.json.Decoder(list[float]),
    WHOLE: msgspec.json.Decoder(list[int]),
}
_ROWS: Any = {
    FLOAT: msgspec.json.Decoder(list[list[float]]),
    WHOLE: msgspec.json.Decoder(list[list[int]]),
}


class KnownRequest(NamedTuple):
    """A request without its numbers, as :class:`Heads` remembers it."""

    before: bytes
    behind: bytes
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    rows: int
    """The rows of the batch, for the statistics."""
    decode: Callable[[bytes], list[Any]]
    pack: Callable[..., bytes]
    """Returns the bytes of the elements. It raises struct.error or OverflowError if they do not fit."""
    has_rows: bool
    """True if the numbers are in a list for each row of a shape of two sizes."""

    def message(self, text: bytes) -> Message | None:
        """Return the neutral request of a text that begins and ends as this one, as ``message_of`` makes it.

        Returns:
            None if the numbers do not fit, or have a form that is rare.
        """
        try:
            values = self.decode(text[len(self.before) : -len(self.behind)])
            if self.has_rows:
                if {*map(len, values)} != {self.shape[1]}:
                    return None
                values = [*chain.from_iterable(values)]
            data = bytearray(self.pack(*values))
        except (msgspec.DecodeError, UnicodeDecodeError, struct.error, OverflowError):
            return None
        array: Any = np.ndarray(self.shape, self.dtype, data)
        return request_of(self.name, array)


class Heads:
    """Remembers the texts around the numbers of requests to one model, and of its answers. Thread-safe.

    Args:
        model: the served model.
        limits: the limits of requests.
    """

    def __init__(self, model: ServedModel, limits: Limits) -> None:
        self._limits = limits
        self._requests: Remembered[tuple[bytes, bytes], KnownRequest] = Remembered()
        self._latest: KnownRequest | None = None
        """The last request: most requests are like the one before."""
        self._answers: Remembered[AnswerKey, bytes] = Remembered()
        self._takes_named = takes_named(model)
        self._has_declared_outputs = bool(model.outputs)
        head = {"model_name": model.name}
        if model.versions:
            head["model_version"] = model.version or ""
        self._model = orjson.dumps(head)[:-1]
        self.binary = BinaryHeads(model)

    def read(self, text: bytes) -> tuple[KnownRequest, Message] | None:
        """Return a request that differs from an earlier one in its numbers only; None for another one."""
        known = self._latest
        if known is None or not (text.startswith(known.before) and text.endswith(known.behind)):
            if len(text) >= LARGE_BYTES:
                return None
            start, end = _numbers(text)
            known = self._requests.get((text[:start], text[end:]))
            if known is None:
                return None
            self._latest = known
        message = known.message(text)
        return None if message is None else (known, message)

    def learn(
        self, text: bytes, request: InferRequest | LargeRequest, inputs: Sequence[InputTensor], rows: int
    ) -> None:
        """Remember a valid request of one tensor, if its text is that of others but for the numbers.

        A request with an id is not: clients give each request an id of its own.
        """
        if len(text) >= LARGE_BYTES or len(inputs) != 1 or not self._takes_named:
            return
        (given,), array = inputs, inputs[0].array
        has_more = request.id is not None or request.parameters or request.outputs or given.parameters
        if has_more or not given.datatype.is_native or not array.size:
            return
        start, end = _numbers(text)
        before, behind = text[:start], text[end:]
        if not self._are_around_data(before, behind):
            return
        has_rows = array.ndim == 2 and text[start:end].count(b"[") > 1
        known = KnownRequest(
            before,
            behind,
            given.name,
            array.dtype,
            array.shape,
            rows,
            (_ROWS if has_rows else _FLAT)[given.datatype.kind].decode,
            struct.Struct(f"<{array.size}{_WIDE.get(given.datatype.name, array.dtype.char)}").pack,
            has_rows,
        )
        self._requests.remember((before, behind), known)

    def _are_around_data(self, before: bytes, behind: bytes) -> bool:
        """Return whether whatever value stands between these texts is the data of the only input.

        The parser reads each value at a place in the same way, so two values show it for all. One does not:
        a member that comes twice may have this value, and its last one counts.
        """
        try:
            for text, value in _PROBES:
                (given,) = parse(before + text + behind, self._limits).inputs
                if given.data != value:
                    return False
        except SeldonError:
            return False
        return True

    def known_answer(self, payload: Payload | None) -> HttpResponse | None:
        """Return the response if an earlier one had the same text around the numbers; else None."""
        found = only_array(payload)
        known = None if found is None else self._answers.get(found[0])
        if found is None or known is None:
            return None
        flat = np.ascontiguousarray(found[1]).reshape(-1)
        numbers = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)
        has_none = b"null" in numbers  # in place of NaN or an infinity
        return None if has_none else HttpResponse(200, b"".join((known, numbers, _END)))

    def learn_answer(self, output: OutputTensor) -> None:
        """Remember the text around the numbers of an answer with one output, and without any parameter."""
        array, datatype = output.array, output.datatype
        if self._has_declared_outputs or not datatype.is_native or array.size > _MOST_NUMBERS:
            return
        described = orjson.dumps({"name": output.name, "datatype": datatype.name, "shape": array.shape})
        text = b'%b,"outputs":[%b,"data":' % (self._model, described[:-1])
        if len(text) <= LARGEST_BYTES:
            self._answers.remember((output.name, array.dtype, array.shape), text)


def _numbers(text: bytes) -> tuple[int, int]:
    """Return the place of the first list named data, if it holds only numbers; else some other place."""
    start = text.find(b"[", text.find(_DATA))
    return start, text.rfind(b"]", start, text.find(b"}", start)) + 1
