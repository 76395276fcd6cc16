"""What a user's method returned, as the answer's payload: kind, value and names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import NDARRAY, TENSOR, TFTENSOR, Kind, Payload

Names = Callable[[], Sequence[Any] | None]
"""Asks the component for its column names; None means that it has none."""

_MOST_NAMES_KEPT = 4096
"""Names of wider answers are made anew each time: a client may choose the width, and memory is dearer."""


def pack(result: object, requested: Kind | None, names: Names) -> Payload:
    """The payload that answers ``result`` to a request of kind ``requested`` (None: no request data).

    Numeric arrays and lists answer in the array kind of the request (TENSOR when it
    had none); arrays of text, booleans or objects answer as NDARRAY. ``names`` is
    asked only for results of two or more dimensions, else the names are empty.

    Raises:
        SeldonError: COMPONENT_FAILED when ``result`` is of a type that has no payload.
    """
    if isinstance(result, np.ndarray):  # first, as most results are arrays
        return _pack_array(result, result, requested, names)
    if isinstance(result, str):
        return Payload(Kind.STR, result)
    if isinstance(result, bytes | bytearray):
        return Payload(Kind.BINARY, bytes(result))
    if isinstance(result, dict):
        return Payload(Kind.JSON, result)
    if isinstance(result, list | tuple):
        return _pack_list(list(result), requested, names)
    if hasattr(result, "DESCRIPTOR"):
        return Payload(Kind.CUSTOM, result)
    raise SeldonError(
        f"the component returned {type(result).__name__}, expected an array, list, text, bytes or dict",
        code=ErrorCode.COMPONENT_FAILED,
    )


def _pack_list(values: list[Any], requested: Kind | None, names: Names) -> Payload:
    try:
        array = np.array(values)
    except (ValueError, OverflowError):  # ragged rows, which JSON can hold though no array can
        return Payload(NDARRAY, values, [])
    return _pack_array(array, values, requested, names)


def _pack_array(
    array: np.ndarray[Any, Any], given: np.ndarray[Any, Any] | list[Any], requested: Kind | None, names: Names
) -> Payload:
    if array.dtype.kind not in "fiu":
        kind = NDARRAY
    else:
        kind = requested if requested is NDARRAY or requested is TFTENSOR else TENSOR
    value = given if kind is NDARRAY or type(given) is np.ndarray else np.asarray(array)
    if array.ndim < 2:
        return Payload(kind, value, [])
    own = names()
    return Payload(kind, value, default_names(array.shape[1]) if own is None else own)


def default_names(count: int) -> tuple[str, ...]:
    """The protocol's names for unnamed columns: ``t:0``, ``t:1``, …"""
    return _kept_names(count) if count <= _MOST_NAMES_KEPT else _made_names(count)


def _made_names(count: int) -> tuple[str, ...]:
    return tuple([f"t:{i}" for i in range(count)])


_kept_names = lru_cache(maxsize=64)(_made_names)
