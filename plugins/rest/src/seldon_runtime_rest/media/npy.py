"""Arrays as files of NumPy: ``application/x-npy``.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. The header is a Python
dict; it is read by its known form here, and never evaluated.
"""

from __future__ import annotations

import re
import sys
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
from numpy.lib import format as numpy_format
from numpy.typing import NDArray

from seldon_runtime.plugin import (
    ARRAYS,
    DATA_KINDS,
    TENSOR,
    Kind,
    Limits,
    Payload,
    SeldonError,
    as_single,
    check_empty_shape,
)
from seldon_runtime.protocols.arrays import LARGEST_EXACT
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer, named

_MAGIC = b"\x93NUMPY"
_VERSIONS = {1: 2, 2: 4, 3: 4}
"""The bytes of the header's length by the format's version."""
_MOST_HEADER_BYTES = 10_000
_MOST_DIMENSIONS = 32
_BEYOND = 2**63
_FLOAT_BITS = 1024
"""The bits of the least whole number that may be too large for a float."""
_DESCR = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?)([a-zA-Z?][0-9]{0,9})['"]\s*[,}]""")
_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)\s*[,}]""")
_SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([0-9,\s]*)\)\s*[,}]""")
_READ = "biufU"
_EXPECTED = "expected an array of numbers, booleans or text (kinds b, i, u, f, U)"


class NpyArray(Format):
    """``application/x-npy``: a tensor, or an ndarray of text or booleans."""

    media_type = "application/x-npy"

    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the array, writable and in C order. The body must have as many bytes as its shape says."""
        header, start = _header(body)
        dtype = _dtype(header)
        shape = _shape(header)
        order = _ORDER.search(header)
        if order is None:
            raise SeldonError("the header of the .npy body has no fortran_order")
        count = prod(shape)
        limits.check_values(count, "the .npy body")
        if count == 0:
            check_empty_shape(shape, "the shape of the .npy body")
        size = count * dtype.itemsize
        if len(body) - start != size:
            raise SeldonError(
                f"the .npy body has {len(body) - start} bytes of values, but its shape {list(shape)!r:.80} "
                f"of {dtype.str} takes {size}"
            )
        flat = np.frombuffer(body, dtype, count, start) if count else np.empty(0, dtype)
        _check_stored(flat)
        array = flat.reshape(shape, order="F" if order[1] == "True" else "C")
        native = np.array(array, dtype.newbyteorder("="), order="C")
        return Payload(TENSOR if dtype.kind in "iuf" else Kind.NDARRAY, _known(native))

    def write(self, payload: Payload) -> bytes:
        """Return the array of an answer with data, or of a list or number in jsonData."""
        file = BytesIO()
        numpy_format.write_array(file, _array(payload), allow_pickle=False)
        return file.getvalue()


def _header(body: bytes) -> tuple[str, int]:
    """Return the text of the header, and the place of the first value."""
    if body[: len(_MAGIC)] != _MAGIC or len(body) < len(_MAGIC) + 2:
        raise SeldonError("the body does not begin as a .npy file does")
    width = _VERSIONS.get(body[len(_MAGIC)])
    if width is None:
        raise SeldonError(f"the .npy body has the version {body[len(_MAGIC)]}, expected 1, 2 or 3")
    begin = len(_MAGIC) + 2 + width
    length = int.from_bytes(body[begin - width : begin], "little")
    if length > _MOST_HEADER_BYTES or len(body) < begin + length:
        raise SeldonError(
            f"the header of the .npy body has {length} bytes, expected at most {_MOST_HEADER_BYTES}"
        )
    return body[begin : begin + length].decode("utf-8", "replace"), begin + length


def _dtype(header: str) -> np.dtype[Any]:
    found = _DESCR.search(header)
    if found is None:
        raise SeldonError(f"the header of the .npy body has no simple descr, {_EXPECTED}")
    try:
        dtype = np.dtype("".join(found.groups()))
    except TypeError as error:
        raise SeldonError(f"the descr of the .npy body is not valid: {error}") from error
    if dtype.kind not in _READ or not dtype.itemsize:
        raise SeldonError(f"the .npy body has values of {dtype.str!r}, {_EXPECTED}")
    return dtype


def _check_stored(flat: NDArray[Any]) -> None:
    """Refuse bytes that are not a valid value of their type: NumPy itself takes any."""
    if flat.dtype.kind == "b" and flat.size and flat.view(np.uint8).max() > 1:
        raise SeldonError("the .npy body has a boolean that is neither 0 nor 1")
    if flat.dtype.kind == "U" and flat.size:
        units = flat.view(np.dtype(np.uint32).newbyteorder(flat.dtype.byteorder))
        if units.max() > sys.maxunicode:
            raise SeldonError("the .npy body has text with a character that Unicode does not have")


def _shape(header: str) -> tuple[int, ...]:
    found = _SHAPE.search(header)
    sizes = [part.strip() for part in found[1].split(",")] if found else [""]
    if found is None or ((sizes := [size for size in sizes if size]) and not all(map(str.isdecimal, sizes))):
        raise SeldonError("the header of the .npy body has no shape of whole numbers")
    if len(sizes) > _MOST_DIMENSIONS or any(len(size) > 18 for size in sizes):
        raise SeldonError(f"the shape of the .npy body is ({found[1]!s:.80}), which is too large")
    return tuple(map(int, sizes))


def _known(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with float64 in place of the longer types of some machines."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array


def _array(payload: Payload) -> NDArray[Any]:
    if payload.kind is ARRAYS:
        payload = as_single(payload)
    if payload.kind not in DATA_KINDS and payload.kind is not Kind.JSON:
        raise UnfitAnswer(named(payload))
    value = payload.value
    if isinstance(value, dict):
        raise UnfitAnswer("jsonData that is an object")
    try:
        array = value if isinstance(value, np.ndarray) else np.array(value, _type_of(value))
    except (ValueError, OverflowError) as error:
        raise UnfitAnswer("data with rows of different lengths") from error
    array = np.array(array.tolist(), _type_of(array.tolist())) if array.dtype.kind == "O" else array
    if array.dtype.kind not in _READ:
        raise UnfitAnswer("data with values of several types, or with null")
    return array


def _type_of(values: Any) -> Any:
    """Return None, so that NumPy finds the type, for values of one type; object for others.

    Raises:
        UnfitAnswer: no type of numbers holds every whole number with its digits.
    """
    kinds: set[type] = set()
    whole: list[int] = []
    rest = [values]
    while rest:
        each = rest.pop()
        if isinstance(each, list):
            rest.extend(each)
        else:
            kinds.add(type(each))
            if type(each) is int and abs(each) > LARGEST_EXACT:
                whole.append(each)
    is_uniform = len(kinds) <= 1 or kinds == {int, float}
    if not is_uniform or not whole:
        return None if is_uniform else object
    if float in kinds and all(map(_is_float, whole)):
        return None
    if float in kinds or not _is_of_64_bits(whole, values):
        raise UnfitAnswer("data with whole numbers that no type of NumPy holds beside its other numbers")
    return np.uint64 if max(whole) >= _BEYOND else np.int64


def _is_float(number: int) -> bool:
    """Return whether a 64-bit float holds a whole number."""
    return number.bit_length() < _FLOAT_BITS and int(float(number)) == number


def _is_of_64_bits(large: list[int], values: Any) -> bool:
    """Return whether 64 bits, with or without a sign, hold the ``large`` ones and all other values."""
    if max(large) < _BEYOND:
        return min(large) >= -_BEYOND
    return max(large) < 2 * _BEYOND and bool(np.min(np.array(values, object)) >= 0)
