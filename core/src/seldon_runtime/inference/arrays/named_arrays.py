"""Named arrays, the payload of kind ARRAYS, as the one array X of methods that know no names of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.columns import Columns, as_objects, is_exact, joined
from seldon_runtime.inference.message import ARRAYS, NDARRAY, Payload

_MOST_NAMES_SHOWN = 5


@dataclass(slots=True)
class SingleArray(Payload):
    """The arrays of a request as one array."""

    name: str | None = None
    """The name of the array; None for several ones."""


def as_single(payload: Payload) -> Payload:
    """Return a payload of kind NDARRAY for one of kind ARRAYS; another payload as it is.

    One array is X itself, with the names of the payload. Several arrays of the shape ``(n,)`` or ``(n, 1)``
    are the columns of X, ``(n, k)``, and their names the names of the columns. Columns of numbers have the
    type that NumPy finds for all, if it keeps every value; else they make an array of objects, and so does a
    column of text. Columns of a table are joined so that each value stays what it is.

    Raises:
        SeldonError: BAD_DATA when several arrays are not columns of the same length.
    """
    if payload.kind is not ARRAYS:
        return payload
    arrays: Mapping[str, NDArray[Any]] = payload.value
    if type(arrays) is Columns:
        count = len(next(iter(arrays.values()), ()))
        return Payload(NDARRAY, joined(list(arrays.values()), count), list(arrays))
    if len(arrays) == 1:
        ((name, array),) = arrays.items()
        return SingleArray(NDARRAY, array, payload.names, name)
    return SingleArray(NDARRAY, _stacked(list(columns_of(arrays).values())), list(arrays))


def columns_of(arrays: Mapping[str, NDArray[Any]]) -> Columns:
    """Return several arrays of the shape ``(n,)`` or ``(n, 1)`` as columns of the shape ``(n,)``.

    Raises:
        SeldonError: BAD_DATA when they are not columns of the same length.
    """
    columns = [array.reshape(-1) for array in arrays.values() if is_column(array)]
    if len(columns) < len(arrays) or len({column.size for column in columns}) != 1:
        shapes = [f"{name} {list(array.shape)}" for name, array in arrays.items()][:_MOST_NAMES_SHOWN]
        raise SeldonError(
            f"the request has {len(arrays)} inputs ({', '.join(shapes)}), expected one, or columns of the "
            "shape [N] or [N, 1] with the same N. A component that defines infer receives any"
        )
    return Columns(zip(arrays, columns, strict=True))


def is_column(array: NDArray[Any]) -> bool:
    """Return whether an array has the shape ``(n,)`` or ``(n, 1)``."""
    return array.ndim > 0 and prod(array.shape[1:]) == 1 and array.ndim < 3


def _stacked(columns: list[NDArray[Any]]) -> NDArray[Any]:
    """Return columns side by side. Types of other libraries, such as bfloat16, become float32."""
    columns = [column.astype(np.float32) if column.dtype.kind == "V" else column for column in columns]
    if all(column.dtype.kind != "O" for column in columns):
        try:
            stacked = np.column_stack(columns)
        except TypeError:  # dates beside numbers
            return as_objects(columns)
        if stacked.dtype.kind != "f" or all(is_exact(column) for column in columns):
            return stacked
    return as_objects(columns)
