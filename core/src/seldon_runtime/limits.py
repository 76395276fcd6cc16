"""Limits on what comes from outside. Settings fill them; every transport uses the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import prod
from typing import NamedTuple

from seldon_runtime.errors import ErrorCode, SeldonError


class Limits(NamedTuple):
    """``max_body_bytes`` of one request, ``max_array_values`` in one array, ``max_nesting`` of JSON.

    ``timeout_s`` is how long a call may take from its submission to its answer, waiting included, and
    ``health_timeout_s`` the same of HEALTH_STATUS; None for ever.
    """

    max_body_bytes: int = 64 * 1024 * 1024
    max_array_values: int = 20_000_000
    max_nesting: int = 128
    timeout_s: float | None = None
    health_timeout_s: float | None = None

    def check_body(self, size: int) -> None:
        """Raises SeldonError (TOO_LARGE) when a request of ``size`` bytes is not to be read."""
        if size > self.max_body_bytes:
            raise SeldonError(
                f"the request has {size} bytes or more, at most {self.max_body_bytes} are accepted"
                " (SELDON_MAX_BODY_BYTES)",
                code=ErrorCode.TOO_LARGE,
            )

    def check_values(self, count: int, where: str) -> None:
        """Raises SeldonError (BAD_DATA) when an array of ``count`` values is too large."""
        if count > self.max_array_values:
            raise SeldonError(
                f"{where} has {count} values, at most {self.max_array_values} are accepted"
                " (SELDON_MAX_ARRAY_VALUES)"
            )


MAX_EMPTY_DIMENSION = 10_000
"""Longest dimension of an array without values, and most rows that it may have: such a shape
costs the sender nothing, but makes that many column names, or empty lists, in the answer."""


def check_empty_shape(sizes: Sequence[int], where: str) -> None:
    """Raises SeldonError (BAD_DATA) when an array without values, of this shape, is too large."""
    rows = prod(takewhile(lambda size: size > 0, sizes))  # a size of -1 comes to 0 here
    if max(rows, *sizes, 0) > MAX_EMPTY_DIMENSION:
        raise SeldonError(
            f"{where} is {list(sizes)!r:.80} without values, expected at most {MAX_EMPTY_DIMENSION} then "
            "in each size, and in the product of those before the first 0"
        )
