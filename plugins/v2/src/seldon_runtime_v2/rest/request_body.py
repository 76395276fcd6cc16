"""The body of an inference request: JSON, and binary data behind it.

Sources: Open Inference Protocol, inference_rest.md, "Inference Request JSON Object"; Triton's extension
"Binary Tensor Data".
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from seldon_runtime.plugin import UNCOUNTED_BYTES, Limits, SeldonError
from seldon_runtime.protocols.collector import paused_collector
from seldon_runtime.protocols.depth import check_nesting
from seldon_runtime.protocols.json_memory import json_memory
from seldon_runtime_rest.extension import read_numbers
from seldon_runtime_v2.mapping.tensors import NONE, InputTensor, Parameter, is_converted
from seldon_runtime_v2.tensors.binary import from_binary
from seldon_runtime_v2.tensors.datatypes import DATATYPES, FLOAT, WHOLE, Datatype, datatype_named
from seldon_runtime_v2.tensors.json_values import from_numbers, from_values, seen
from seldon_runtime_v2.tensors.shapes import element_count

LARGE_BYTES = 1024
"""The least size of JSON whose numbers go into NumPy without Python objects."""
BINARY_SIZE = "binary_data_size"
HEADER = "Inference-Header-Content-Length"
_NEEDS_HEADER = f"binary data need the header {HEADER}, the bytes of the JSON before them"


class RequestedOutput(msgspec.Struct, gc=False):
    """An output that the client asks for."""

    name: str
    parameters: dict[str, Parameter] | None = None


class Input(msgspec.Struct):
    """An input in a small request, whose data are parsed with it."""

    name: str
    shape: list[int]
    datatype: str
    data: Any = msgspec.UNSET
    parameters: dict[str, Parameter] | None = None


class RawInput(msgspec.Struct):
    """An input in a large request, whose data are left as text."""

    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    parameters: dict[str, Parameter] | None = None


class InferRequest(msgspec.Struct):
    """A small request."""

    inputs: list[Input]
    id: str | None = None
    parameters: dict[str, Parameter] | None = None
    outputs: list[RequestedOutput] | None = None


class LargeRequest(msgspec.Struct):
    """A large request."""

    inputs: list[RawInput]
    id: str | None = None
    parameters: dict[str, Parameter] | None = None
    outputs: list[RequestedOutput] | None = None


_small = msgspec.json.Decoder(InferRequest)
_large = msgspec.json.Decoder(LargeRequest)
_any = msgspec.json.Decoder()


def parse(text: bytes, limits: Limits) -> InferRequest | LargeRequest:
    """Return the parsed JSON; its tensors are not checked yet.

    Raises:
        SeldonError: BAD_DATA when the text is not JSON, nests too deeply, or does not fit the protocol.
    """
    check_nesting(text, limits.max_nesting)
    decoder: msgspec.json.Decoder[Any] = _large if len(text) >= LARGE_BYTES else _small
    try:
        return decoder.decode(text)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise _unfit(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = unusual(text)
    try:
        return msgspec.convert(value, InferRequest)
    except msgspec.ValidationError as error:
        raise _unfit(error) from error


def inputs_of(
    request: InferRequest | LargeRequest, body: bytes, start: int, limits: Limits, *, as_bytes: bool
) -> list[InputTensor]:
    """Return the inputs with their arrays.

    Args:
        request: the parsed JSON.
        body: the whole body; binary data are views of it.
        start: the place where binary data begin.
        limits: the limits of the number of elements and of memory.
        as_bytes: True for text as ``bytes``. False for ``str`` in JSON, and in binary data where that is
            quicker.

    Raises:
        SeldonError: BAD_DATA when the data do not fit datatype and shape; TOO_LARGE for too much memory.
    """
    inputs, begin = [], start
    for given in request.inputs:
        name, shape, parameters = given.name, given.shape, given.parameters or NONE
        datatype = DATATYPES.get(given.datatype) or datatype_named(given.datatype, f"the input {name!r:.80}")
        count = element_count(shape, name, limits)
        size = parameters.get(BINARY_SIZE)
        if size is None:
            if given.data is msgspec.UNSET:
                raise SeldonError(f"the input {name!r:.80} has no data, expected data or {BINARY_SIZE}")
            array = _from_json(datatype, shape, count, given.data, name, limits, as_bytes=as_bytes)
        else:
            if given.data is not msgspec.UNSET:
                raise SeldonError(f"the input {name!r:.80} has data and {BINARY_SIZE}, expected one of them")
            if type(size) is not int or not 0 <= size <= len(body) - start:
                hint = f"; {_NEEDS_HEADER}" if begin == len(body) else ""
                raise SeldonError(
                    f"the input {name!r:.80} has the {BINARY_SIZE} {seen(size):.40}, expected 0 to "
                    f"{len(body) - start}, the bytes that are left in the body{hint}"
                )
            prefers_text = not as_bytes and not is_converted(parameters, request.parameters)
            array = from_binary(datatype, shape, count, body, start, size, name, prefers_text=prefers_text)
            start += size
        inputs.append(InputTensor(name, datatype, array, parameters))
    if start != len(body):
        raise SeldonError(f"the body has {len(body) - start} bytes behind the data of the last input")
    return inputs


def _from_json(
    datatype: Datatype,
    shape: Sequence[int],
    count: int,
    data: Any,
    name: str,
    limits: Limits,
    *,
    as_bytes: bool,
) -> Any:
    if type(data) is not msgspec.Raw:
        return from_values(datatype, shape, count, data, name, as_bytes=as_bytes)
    text = bytes(data)
    if datatype.kind in (FLOAT, WHOLE):
        numbers = read_numbers(text)
        if numbers is not None:
            return from_numbers(datatype, shape, count, numbers, name)
        if len(text) > UNCOUNTED_BYTES:
            limits.check_memory(json_memory(text), f"the input {name!r:.80}")
    with paused_collector():
        try:
            values = _any.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SeldonError(f"the data of the input {name!r:.80} are not valid JSON: {error}") from error
        return from_values(datatype, shape, count, values, name, as_bytes=as_bytes)


def unusual(text: bytes) -> Any:
    """Return the value of JSON with NaN or Infinity as bare words, in UTF-16 or the like.

    Raises:
        SeldonError: BAD_DATA when the text is not JSON, or has half of a surrogate pair.
    """
    try:
        value = json.loads(text, parse_float=_float)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise SeldonError("the request has a text with a lone surrogate, expected Unicode text") from error
    except (ValueError, RecursionError) as error:
        hint = f"; {_NEEDS_HEADER}" if BINARY_SIZE.encode() in text else ""
        raise SeldonError(f"the request is not valid JSON: {error}{hint}") from error
    return value


def _float(text: str) -> float:
    """Return a number, which must not be so large that it becomes an infinity."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text:.40} is out of range")
    return number


def _unfit(error: msgspec.ValidationError) -> SeldonError:
    return SeldonError(f"the request does not fit the Open Inference Protocol: {error}")
