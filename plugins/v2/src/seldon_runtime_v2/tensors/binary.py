"""Binary tensor data: little-endian, row-major; BYTES as a 4-byte length before each element.

Source: Triton's extension "Binary Tensor Data"; OIP inference_grpc.md, "Tensor Data".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.tensors.datatypes import BOOL, TEXT, Datatype
from seldon_runtime_v2.tensors.length_prefixed import joined_texts, split_elements, split_texts
from seldon_runtime_v2.tensors.shapes import misfit

_LENGTH_BYTES = 4
_FEW_BYTES = 512
"""A copy of so few bytes takes less time than a view."""
_length = struct.Struct("<I").unpack_from


def from_binary(
    datatype: Datatype,
    shape: Sequence[int],
    count: int,
    body: bytes,
    start: int,
    size: int,
    name: str,
    *,
    prefers_text: bool = False,
) -> NDArray[Any]:
    """Return the array of binary data within a body.

    Numbers are a read-only view of the body, at any alignment. BYTES become an array of objects of ``bytes``.

    Args:
        datatype: the tensor's.
        shape: the tensor's.
        count: the number of elements of the shape.
        body: holds the data; it must have them completely.
        start: the place of the data in the body.
        size: their length in bytes.
        name: the tensor's, for messages.
        prefers_text: True if BYTES may become objects of ``str`` where that is quicker.

    Raises:
        SeldonError: BAD_DATA when the size does not fit the shape, or the elements do not fit the datatype.
    """
    if datatype.kind is TEXT:
        texts = split_texts(body[start : start + size], count) if prefers_text else None
        array = np.empty(count, object)
        array[:] = texts or _elements(body, start, start + size, shape, count, name)
        return array.reshape(shape)
    if size != count * datatype.item_bytes:
        raise misfit(name, shape, f"{count * datatype.item_bytes} bytes of {datatype.name}", str(size))
    if count == 0:
        return np.empty(shape, datatype.dtype)
    if datatype.kind is BOOL:
        stored = np.frombuffer(body, np.uint8, count, start)
        if stored.max() > 1:
            raise SeldonError(f"the input {name!r:.80} of BOOL has a byte other than 0 and 1")
        return stored.view(np.bool_).reshape(shape)
    if datatype.dtype.itemsize != datatype.item_bytes:  # BF16 as float32
        halves = np.frombuffer(body, "<u2", count, start)
        return (halves.astype(np.uint32) << 16).view(np.float32).reshape(shape)
    array = np.frombuffer(body, datatype.dtype, count, start)
    return array if len(shape) == 1 else array.reshape(shape)


def to_binary(array: NDArray[Any], datatype: Datatype) -> bytes | memoryview:
    """Return the binary data of an output, of which BYTES holds objects of ``bytes``, or all of ``str``."""
    if datatype.kind is TEXT:
        elements = array.reshape(-1).tolist()
        if elements and type(elements[0]) is str:
            if (quick := joined_texts(elements)) is not None:
                return quick
            elements = [text.encode() for text in elements]
        lengths = np.fromiter(map(len, elements), "<u4", len(elements)).tobytes()
        parts: list[bytes] = [b""] * (2 * len(elements))
        parts[::2] = [
            lengths[place : place + _LENGTH_BYTES] for place in range(0, len(lengths), _LENGTH_BYTES)
        ]
        parts[1::2] = elements
        return b"".join(parts)
    if datatype.name == "BF16":
        if array.dtype.itemsize == datatype.item_bytes:
            return array.tobytes()
        return _halves(array.astype(np.float32, copy=False)).tobytes()
    little = array if array.dtype is datatype.dtype else array.astype(datatype.dtype, copy=False)
    return elements_of(little)


def elements_of(array: NDArray[Any]) -> bytes | memoryview:
    """Return the elements of an array of numbers in row-major order: a view of them if that is quicker."""
    is_view = array.nbytes > _FEW_BYTES and array.flags.c_contiguous
    return array.data if is_view else array.tobytes()


def _halves(array: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the upper half of each float, rounded to the nearest, ties to even; NaN stays NaN."""
    bits = np.ascontiguousarray(array).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(array), (bits >> 16) | 0x40, rounded).astype("<u2")


def _elements(body: bytes, start: int, end: int, shape: Sequence[int], count: int, name: str) -> list[bytes]:
    if end - start < count * _LENGTH_BYTES:  # before a list of that length is made
        raise misfit(name, shape, f"{count * _LENGTH_BYTES} bytes of BYTES at least", str(end - start))
    if (quick := split_elements(body[start:end], count)) is not None:
        return quick
    if (whole := _whole_elements(body, start, end, count)) is not None:
        return whole
    elements: list[bytes] = []
    while start < end and len(elements) < count:
        first = start + _LENGTH_BYTES
        after = first + int.from_bytes(body[start:first], "little")
        if first > end or after > end:
            raise SeldonError(
                f"the input {name!r:.80} of BYTES ends within element {len(elements)}, expected a length in "
                "4 bytes and as many bytes"
            )
        elements.append(body[first:after])
        start = after
    if len(elements) < count or start < end:
        raise misfit(name, shape, f"{count} elements of BYTES", "fewer" if start >= end else "more")
    return elements


def _whole_elements(body: bytes, start: int, end: int, count: int) -> list[bytes] | None:
    """Return the elements if they fill their place exactly; else None, for the slower loop to say why."""
    elements = [b""] * count
    try:
        for index in range(count):
            first = start + _LENGTH_BYTES
            start = first + _length(body, start)[0]
            elements[index] = body[first:start]
    except struct.error:
        return None
    return elements if start == end else None
