"""The rule of NaN and infinities, which JSON and ``google.protobuf.Value`` cannot hold.

Sources: RFC 8259, section 6; protobuf's ``struct.proto``, ``Value.number_value``.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import numpy as np


class NonFinite(Enum):
    """The setting SELDON_NON_FINITE: the form of NaN and infinities in answers."""

    NULL = "null"
    STRING = "string"
    """``"NaN"``, ``"Infinity"``, ``"-Infinity"``: the words that protobuf JSON writes and reads."""
    ERROR = "error"


WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def written(number: float, policy: NonFinite) -> str | None:
    """Return the form of NaN or an infinity.

    Raises:
        ValueError: the policy is ERROR.
    """
    if policy is NonFinite.ERROR:
        raise ValueError(f"{number!r} is not a valid JSON number (SELDON_NON_FINITE=error)")
    if policy is NonFinite.NULL:
        return None
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def finite(value: Any, policy: NonFinite) -> Any:
    """Return a plain value, which may hold arrays of numbers, without NaN and infinities at any depth.

    Raises:
        ValueError: the policy is ERROR, and there is one.
    """
    if isinstance(value, float | np.floating):
        value = float(value)
        return value if math.isfinite(value) else written(value, policy)
    if isinstance(value, dict):
        return {key: finite(member, policy) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [finite(member, policy) for member in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "fO":
        return _finite_array(value, policy)
    return value


def _finite_array(array: np.ndarray[Any, Any], policy: NonFinite) -> Any:
    if array.dtype.kind == "O":
        return finite(array.tolist(), policy)
    return array if np.isfinite(array).all() else finite(array.astype(np.float64).tolist(), policy)
