"""Named arrays, the payload of kind ARRAYS, as the one array X of methods that know no names of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.columns import Columns, joined
from seldon_runtime.inference.message import ARRAYS, NDARRAY, Payload

_MOST_NAMES_SHOWN = 5


def as_single(payload: Payload) -> Payload:
    """Return a payload of kind NDARRAY for one of kind ARRAYS; another payload as it is.

    One array is X itself, with the names of the payload. Several arrays of the shape ``(n,)`` or ``(n, 1)``
    are the columns of X, ``(n, k)``, and their names the names of the columns. Columns of numbers have the
    type that NumPy finds for all; a column of text makes an array of objects. Columns of a table are joined
    so that each value stays what it is.

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
        (array,) = arrays.values()
        return Payload(NDARRAY, array, payload.names)
    return Payload(NDARRAY, _stacked(list(columns_of(arrays).values())), list(arrays))


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
    if all(column.dtype.kind != "O" for column in columns):
        return np.column_stack(columns)
    table = np.empty((columns[0].size, len(columns)), object)
    for index, column in enumerate(columns):
        table[:, index] = column.tolist()
    return table
