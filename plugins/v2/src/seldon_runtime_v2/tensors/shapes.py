"""The shape of a tensor, checked before any memory is taken for its elements."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from seldon_runtime.plugin import Limits, SeldonError, check_empty_shape

_MOST_DIMENSIONS = 32
"""As many as NumPy 1 allows."""


def element_count(shape: Sequence[int], name: str, limits: Limits) -> int:
    """Return the number of elements, by whole numbers of any size.

    Raises:
        SeldonError: BAD_DATA for a negative dimension, for too many dimensions or too many elements.
    """
    if len(shape) == 1:  # of most tensors
        count = shape[0]
        is_valid = count > 0
    else:
        count = prod(shape)
        is_valid = len(shape) <= _MOST_DIMENSIONS and (not shape or min(shape) > 0)
    if not is_valid:
        _check(shape, name)
    if count > limits.max_array_values:
        limits.check_values(count, f"the shape {list(shape)!r:.80} of the input {name!r:.80}")
    return count


def _check(shape: Sequence[int], name: str) -> None:
    if len(shape) > _MOST_DIMENSIONS:
        raise SeldonError(
            f"the input {name!r:.80} has {len(shape)} dimensions, expected {_MOST_DIMENSIONS} at most"
        )
    if min(shape) < 0:
        raise SeldonError(
            f"the input {name!r:.80} has the shape {list(shape)!r:.80}, expected sizes of 0 or more"
        )
    check_empty_shape(shape, f"the shape of the input {name!r:.80}")


def misfit(name: str, shape: Sequence[int], expected: str, found: str) -> SeldonError:
    """Return the error for data of another length than the shape says."""
    return SeldonError(
        f"the input {name!r:.80} has the shape {list(shape)!r:.80}, which takes {expected}; got {found}"
    )
