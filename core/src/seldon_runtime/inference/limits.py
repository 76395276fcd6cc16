"""Limits on requests, from the settings. All transports of a process share them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import prod
from typing import NamedTuple

from seldon_runtime.errors import ErrorCode, SeldonError

DEFAULT_BODY_BYTES = 64 * 1024 * 1024
MEMORY_TIMES_BODY = 4
"""The memory of a request, as a multiple of the largest body, by default. A text, binary data or an array of
numbers of that size takes less; many small values take more."""


class Limits(NamedTuple):
    """Limits on requests: ``max_body_bytes``, ``max_array_values`` of an array, ``max_nesting`` of JSON.

    ``timeout_s`` limits the time from a call's submission to its answer, waiting included, and
    ``health_timeout_s`` does so for HEALTH_STATUS, ``stream_idle_timeout_s`` that until the next item of a
    stream; None means no limit. ``max_request_memory`` limits the bytes that a request and everything that is
    read from it take.
    """

    max_body_bytes: int = DEFAULT_BODY_BYTES
    max_array_values: int = 20_000_000
    max_nesting: int = 128
    timeout_s: float | None = None
    health_timeout_s: float | None = None
    max_request_memory: int = MEMORY_TIMES_BODY * DEFAULT_BODY_BYTES
    stream_idle_timeout_s: float | None = None

    def check_body(self, size: int) -> None:
        """Raise SeldonError (TOO_LARGE) if a request of ``size`` bytes exceeds the limit."""
        if size > self.max_body_bytes:
            raise SeldonError(
                f"the request has {size} bytes or more, at most {self.max_body_bytes} are accepted"
                " (SELDON_MAX_BODY_BYTES)",
                code=ErrorCode.TOO_LARGE,
            )

    def check_memory(self, estimate: int, where: str = "the request") -> None:
        """Raise SeldonError (TOO_LARGE) if reading ``where`` would take more memory than the limit."""
        if estimate > self.max_request_memory:
            raise SeldonError(
                f"reading {where} takes an estimated {estimate} bytes of memory, at most "
                f"{self.max_request_memory} are accepted (SELDON_MAX_REQUEST_MEMORY)",
                code=ErrorCode.TOO_LARGE,
            )

    def check_values(self, count: int, where: str) -> None:
        """Raise SeldonError (BAD_DATA) if an array of ``count`` values exceeds the limit."""
        if count > self.max_array_values:
            raise SeldonError(
                f"{where} has {count} values, at most {self.max_array_values} are accepted"
                " (SELDON_MAX_ARRAY_VALUES)"
            )


DEFAULT_ARRAY_VALUES = Limits().max_array_values
MAX_EMPTY_DIMENSION = 10_000
"""The longest dimension that an array without values may have, and the largest number of its rows.

Such a shape costs the sender nothing, but the answer gets as many column names or empty lists."""

_MOST_STRIDES = 2**56
"""The largest product of the sizes that are not 0: NumPy multiplies them with the bytes of an element, in 63
bits, also for an array without values."""


def check_empty_shape(sizes: Sequence[int], where: str) -> None:
    """Raise SeldonError (BAD_DATA) if the shape of an array without values exceeds the limit."""
    rows = prod(takewhile(lambda size: size > 0, sizes))  # a size of -1 comes to 0 here
    others = prod(max(size, 1) for size in sizes)
    if max(rows, *sizes, 0) > MAX_EMPTY_DIMENSION or others > _MOST_STRIDES:
        raise SeldonError(
            f"{where} is {list(sizes)!r:.80} without values, expected at most {MAX_EMPTY_DIMENSION} then "
            "in each size and in the product of those before the first 0, "
            f"and {_MOST_STRIDES} in that of all others"
        )
