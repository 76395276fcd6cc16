"""The response to an inference: JSON, and binary data behind it if the client asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime_rest.extension import HttpResponse
from seldon_runtime_v2.mapping.tensors import OutputTensor
from seldon_runtime_v2.rest.request_body import BINARY_SIZE, HEADER
from seldon_runtime_v2.tensors.binary import to_binary
from seldon_runtime_v2.tensors.datatypes import FLOAT, TEXT

BINARY = "application/octet-stream"
_AS_IT_IS = (("Cache-Control", "no-transform"),)
IsBinary = Callable[[str], bool]
_LARGE_BYTES = 4096
"""Searching a longer text for null takes longer than looking at the numbers."""
_ASK = "ask for it by infer with the parameter binary_data"


def write(
    head: dict[str, Any],
    outputs: Sequence[OutputTensor],
    is_binary: IsBinary | None,
    non_finite: NonFinite,
) -> HttpResponse:
    """Return the response.

    Args:
        head: the members before the outputs.
        outputs: the outputs in their order.
        is_binary: returns whether the client asks for an output of that name as binary data; None: for none.
        non_finite: the form of NaN in JSON.

    Raises:
        SeldonError: BAD_DATA for an output that JSON cannot hold: infinities, or bytes that are not UTF-8.
    """
    described: list[dict[str, Any]] = []
    parts: list[bytes | memoryview] = []
    for output in outputs:
        item: dict[str, Any] = {
            "name": output.name,
            "datatype": output.datatype.name,
            "shape": output.array.shape,
        }
        if is_binary is not None and is_binary(output.name):
            part = to_binary(output.array, output.datatype)
            parts.append(part)
            size = part.nbytes if isinstance(part, memoryview) else len(part)
            item["parameters"] = {**output.parameters, BINARY_SIZE: size}
        else:
            if output.parameters:
                item["parameters"] = output.parameters
            item["data"] = values_of(output, non_finite)
        described.append(item)
    head["outputs"] = described
    text = written(head, outputs, is_binary, non_finite)
    if not parts:
        return HttpResponse(200, text)
    return HttpResponse(200, b"".join([text, *parts]), BINARY, ((HEADER, str(len(text))),))


def document(value: Mapping[str, Any] | Sequence[Any], status: int = 200) -> HttpResponse:
    """Return a response with a JSON document, which is never compressed.

    Triton's asyncio client asks for compressed responses, and unpacks only those with outputs.
    """
    return HttpResponse(status, orjson.dumps(value), headers=_AS_IT_IS)


def values_of(output: OutputTensor, non_finite: NonFinite) -> Any:
    """Return the elements of an output in a flat list, or in an array if they are numbers.

    Raises:
        SeldonError: BAD_DATA for bytes that are not UTF-8; COMPONENT_FAILED for NaN or an infinity if the
            setting forbids them.
    """
    array = output.array
    if output.datatype.kind is TEXT:
        items = array.reshape(-1).tolist()
        if items and type(items[0]) is str:
            return items
        try:
            return [item.decode() for item in items]
        except UnicodeDecodeError as error:
            raise SeldonError(
                f"the output {output.name!r} has bytes that are not UTF-8, which JSON cannot hold: {_ASK}"
            ) from error
    if output.datatype.name == "BF16":
        array = array.astype(np.float32)
    flat = array if array.ndim == 1 else array.reshape(-1)
    if not flat.flags.c_contiguous:
        flat = np.ascontiguousarray(flat)
    if non_finite is not NonFinite.NULL and output.datatype.kind is FLOAT:
        try:
            return finite(flat, non_finite)
        except ValueError as error:
            raise SeldonError(
                f"the output {output.name!r}: {error}", code=ErrorCode.COMPONENT_FAILED
            ) from error
    return flat


def written(
    value: Mapping[str, Any],
    outputs: Sequence[OutputTensor],
    is_binary: IsBinary | None,
    non_finite: NonFinite,
) -> bytes:
    """Return the JSON of an answer with these outputs.

    Raises:
        SeldonError: BAD_DATA for infinities, which JSON cannot hold; COMPONENT_FAILED for other values that
            it cannot hold.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise SeldonError(
            f"the answer cannot be written as JSON: {error}", code=ErrorCode.COMPONENT_FAILED
        ) from error
    if non_finite is NonFinite.NULL and (len(text) > _LARGE_BYTES or b"null" in text):
        _refuse_infinities(outputs, is_binary)
    return text


def _refuse_infinities(outputs: Sequence[OutputTensor], is_binary: IsBinary | None) -> None:
    """Raise SeldonError for an infinity, which the writer turned into null, the form of NaN."""
    for output in outputs:
        is_written = is_binary is None or not is_binary(output.name)
        if is_written and output.datatype.kind is FLOAT and np.isinf(output.array).any():
            raise SeldonError(f"the output {output.name!r} has infinities, which JSON cannot hold: {_ASK}")
