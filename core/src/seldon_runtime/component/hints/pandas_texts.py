"""Columns of text in the type that pandas gives them, made in fewer steps than pandas takes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.inference.arrays.columns import are_texts

_PROBE = ["a"]
ReadColumn = Callable[[NDArray[Any]], Any]


def text_columns(make: Callable[..., Any]) -> ReadColumn | None:
    """Return the function that makes a column of text for a ``pandas.DataFrame``, and keeps any other column.

    From pandas 3 on, text has a type whose values are Arrow's, if PyArrow is installed. PyArrow makes them
    of an array at once. pandas looks at the values several times before it does the same.

    Args:
        make: the class of the frames.

    Returns:
        None if text has another type; then the frame itself makes its columns.
    """
    dtype = make({"a": np.array(_PROBE, object)})["a"].dtype
    if getattr(dtype, "storage", "") != "pyarrow" or not hasattr(dtype, "__from_arrow__"):
        return None
    arrow: Any = import_module("pyarrow")
    kind = arrow.large_string()

    def of_texts(column: NDArray[Any]) -> Any:
        if column.dtype.kind != "O" or not are_texts(column.tolist()):
            return column
        try:
            return dtype.__from_arrow__(arrow.array(column, kind))
        except (arrow.ArrowException, UnicodeError):  # text with half of a surrogate pair
            return column

    return of_texts
