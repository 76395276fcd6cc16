"""The arrays that a class declares in its metadata, and arrays of v1 requests in their datatypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError

_DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype(bool),
    **{f"INT{8 * size}": np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"u{size}") for size in (1, 2, 4, 8)},
    "FP16": np.dtype("f2"),
    "FP32": np.dtype("f4"),
    "FP64": np.dtype("f8"),
}


def declared(tensors: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the datatypes by name of inputs or outputs; empty unless all have a name and a datatype."""
    if not all("datatype" in tensor for tensor in tensors):
        return {}
    return {tensor["name"]: tensor["datatype"] for tensor in tensors}


def as_declared(array: NDArray[Any], datatype: str | None, name: str) -> NDArray[Any]:
    """Return an array of a v1 request in the datatype that the class declares; None leaves it as it is.

    Text becomes an array of objects of ``bytes``, as ``infer`` receives it from every protocol.

    Raises:
        SeldonError: BAD_DATA when a value does not fit the datatype.
    """
    if array.dtype.kind in "UO" and datatype in (None, "BYTES"):
        return _texts(array, name)
    dtype = _DTYPES.get(datatype or "")
    if dtype is None or array.dtype == dtype:
        return array
    try:
        with np.errstate(all="ignore"):
            cast = array.astype(dtype)
            is_exact = dtype.kind == "f" or bool((cast == array).all())
    except (ValueError, TypeError, OverflowError):
        is_exact = False
    if not is_exact:
        raise SeldonError(f"the input {name!r} has a value that is not {datatype}")
    return cast


def _texts(array: NDArray[Any], name: str) -> NDArray[Any]:
    texts = np.empty(array.shape, object)
    flat = texts.reshape(-1)
    for index, value in enumerate(array.reshape(-1).tolist()):
        if not isinstance(value, str | bytes):
            raise SeldonError(f"the input {name!r} has {type(value).__name__}, expected text only")
        flat[index] = value if isinstance(value, bytes) else _utf8(value, name)
    return texts


def _utf8(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise SeldonError(f"the input {name!r} has text with a lone surrogate, which is not valid") from error
