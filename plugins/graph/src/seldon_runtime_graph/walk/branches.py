"""The number of a branch in a router's answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from seldon_runtime.plugin import DATA_KINDS, ErrorCode, Message, SeldonError

ALL = -1
"""Every child."""
NONE = -2
"""No child: the request is the answer."""


def branch_of(answer: Any, name: str, children: int) -> int:
    """Return the branch that a router chose: the first number of its answer, without its decimals.

    Raises:
        SeldonError: COMPONENT_FAILED; the answer has no number, or there is no such child.
    """
    branch = _first_number(answer)
    if branch is None:
        raise _failed(name, "answered without a number of a branch")
    if not NONE <= branch < children:
        raise _failed(name, f"chose the branch {branch:.40g}, expected {NONE} to {children - 1}")
    return branch


def _first_number(answer: Any) -> int | None:
    payload = answer.payload if isinstance(answer, Message) else None
    if payload is None or payload.kind not in DATA_KINDS:
        return None
    values = np.asarray(payload.value, dtype=None if isinstance(payload.value, np.ndarray) else object)
    if not values.size:
        return None
    first = values.item(0) if values.dtype.kind in "iufbO" else None
    while isinstance(first, list) and first:
        first = first[0]
    try:
        return int(first) if isinstance(first, bool | int | float) else None
    except (ValueError, OverflowError):  # NaN, infinity
        return None


def _failed(name: str, what: str) -> SeldonError:
    return SeldonError(f"the router {name!r} {what}", code=ErrorCode.COMPONENT_FAILED)
