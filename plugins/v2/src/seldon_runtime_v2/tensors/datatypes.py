"""The datatypes of V2 and their NumPy types.

Sources: Open Inference Protocol, inference_rest.md, "Tensor Data Types"; BF16 of Triton.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError, closest

BOOL, WHOLE, FLOAT, TEXT = "b", "i", "f", "t"
"""Kinds of datatypes."""
_BEYOND_FP32 = 3.4028235677973366e38
_BEYOND_BF16 = 3.3961775292304601e38
_BEYOND_FP16 = 65520.0
"""The least numbers that round to an infinity."""


@dataclass(frozen=True, slots=True)
class Datatype:
    """One datatype."""

    name: str
    kind: str
    """``BOOL``, ``WHOLE``, ``FLOAT`` or ``TEXT``."""
    dtype: np.dtype[Any]
    """The type of its arrays: of objects for BYTES."""
    item_bytes: int = 0
    """The size of one element in binary data; 0 for BYTES, whose elements differ."""
    low: float = 0
    high: float = 0
    """The least and the greatest whole number. A float must lie between them, exclusively."""

    @property
    def is_native(self) -> bool:
        """True for numbers of NumPy itself, of which any bytes are valid: not for BF16, BOOL and BYTES."""
        return self.kind in (FLOAT, WHOLE) and self.name in DATATYPES


def _whole(name: str, dtype: str) -> Datatype:
    limits = np.iinfo(dtype)
    return Datatype(name, WHOLE, np.dtype(dtype), np.dtype(dtype).itemsize, int(limits.min), int(limits.max))


def _float(name: str, dtype: Any, item_bytes: int, beyond: float) -> Datatype:
    return Datatype(name, FLOAT, np.dtype(dtype), item_bytes, -beyond, beyond)


_ALL = (
    Datatype("BOOL", BOOL, np.dtype(np.bool_), 1),
    *(_whole(f"UINT{8 * size}", f"<u{size}") for size in (1, 2, 4, 8)),
    *(_whole(f"INT{8 * size}", f"<i{size}") for size in (1, 2, 4, 8)),
    _float("FP16", "<f2", 2, _BEYOND_FP16),
    _float("FP32", "<f4", 4, _BEYOND_FP32),
    _float("FP64", "<f8", 8, float("inf")),
    Datatype("BYTES", TEXT, np.dtype(object)),
)
DATATYPES = {datatype.name: datatype for datatype in _ALL}
"""Every datatype but BF16, by name."""
BYTES = DATATYPES["BYTES"]
_BY_DTYPE = {datatype.dtype: datatype for datatype in _ALL}
_TEXT_KINDS = "OSUM"


def datatype_named(name: str, where: str) -> Datatype:
    """Return a datatype by its name.

    Raises:
        SeldonError: BAD_DATA for an unknown name.
    """
    found = DATATYPES.get(name)
    if found is not None:
        return found
    if name == "BF16":
        return bf16()
    known = [*DATATYPES, "BF16"]
    hint = "".join(f". Did you mean {near}?" for near in closest(name.upper(), known))
    raise SeldonError(f"{where} has the datatype {name!r:.40}, expected one of {', '.join(known)}{hint}")


@cache
def bf16() -> Datatype:
    """Return BF16: arrays of ``ml_dtypes.bfloat16`` if that is installed, else of float32."""
    try:
        from ml_dtypes import bfloat16
    except ImportError:
        return _float("BF16", "<f4", 2, _BEYOND_BF16)
    return _float("BF16", bfloat16, 2, _BEYOND_BF16)


def datatype_of(array: NDArray[Any]) -> Datatype | None:
    """Return the datatype of an array; None when V2 has no such type.

    Text, objects and dates are BYTES.
    """
    found = _BY_DTYPE.get(array.dtype)
    if found is not None:
        return found
    if array.dtype.kind in _TEXT_KINDS:
        return BYTES
    if array.dtype.name == "bfloat16":
        return bf16()
    swapped = _BY_DTYPE.get(array.dtype.newbyteorder("="))
    return DATATYPES["FP64"] if swapped is None and array.dtype.kind == "f" else swapped
