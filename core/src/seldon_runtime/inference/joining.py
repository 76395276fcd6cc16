"""The items of a stream as one answer, for clients that take no stream."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import replace
from typing import Any

import numpy as np

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, Kind, Message, Payload

_ITEM_BYTES = 500
"""The memory that an item takes besides its values."""


class JoinedItems:
    """The items that have come. They may take so many bytes together.

    Args:
        most_bytes: the limit.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._items: list[Message] = []
        self._bytes = 0

    def add(self, item: Message) -> None:
        """Add an item.

        Raises:
            SeldonError: COMPONENT_FAILED when the items take too much memory.
        """
        self._bytes += _ITEM_BYTES + _size(item.payload.value if item.payload is not None else None)
        if self._bytes > self._most_bytes:
            raise SeldonError(
                f"the {len(self._items) + 1} items of the stream take more than {self._most_bytes} bytes "
                "(SELDON_MAX_REQUEST_MEMORY), which is too much for one answer: take them as a stream",
                code=ErrorCode.COMPONENT_FAILED,
            )
        self._items.append(item)

    def message(self) -> Message:
        """Return the items as one answer, with the meta and headers of the last one.

        One item is the answer, unchanged. Arrays are joined along their first axis, texts one after another.

        Raises:
            SeldonError: COMPONENT_FAILED for no items, and for items that cannot be joined.
        """
        if len(self._items) == 1:
            return self._items[0]
        if not self._items:
            raise _failure("the stream has no items, which make no answer")
        last = self._items[-1]
        payloads = [item.payload for item in self._items if item.payload is not None]
        kinds = {payload.kind for payload in payloads}
        if (
            last.payload is None
            or len(payloads) < len(self._items)
            or not (len(kinds) == 1 or kinds <= DATA_KINDS)
        ):
            words = ", ".join(sorted(kind.value for kind in kinds))
            raise _failure(f"the items of the stream have different kinds ({words})")
        values = [payload.value for payload in payloads]
        kind = Kind.NDARRAY if kinds == {Kind.NDARRAY, last.payload.kind} else last.payload.kind
        value = _joined(kind, values)
        if isinstance(value, list):
            kind = Kind.NDARRAY
        return replace(last, payload=Payload(kind, value, last.payload.names))


def _joined(kind: Kind, values: Sequence[Any]) -> Any:
    if kind is Kind.STR:
        return "".join(values)
    if kind is ARRAYS:
        names = [list(value) for value in values]
        if any(each != names[0] for each in names):
            raise _failure("the arrays of the stream's items have different names")
        return {name: _concatenated([value[name] for value in values]) for name in names[0]}
    if kind in DATA_KINDS:
        if all(isinstance(value, np.ndarray) for value in values):
            return _concatenated(values)
        if all(isinstance(value, list | np.ndarray) for value in values):
            return [
                row
                for value in values
                for row in (value.tolist() if isinstance(value, np.ndarray) else value)
            ]
    raise _failure(f"the items of the stream are {kind.value}, expected arrays or text")


def _concatenated(arrays: Sequence[Any]) -> Any:
    try:
        return np.concatenate(arrays)
    except ValueError as error:
        raise _failure(f"the arrays of the stream's items do not fit together: {error}") from error


def _failure(reason: str) -> SeldonError:
    return SeldonError(
        f"{reason}: this client asked for one answer. Ask for a stream, or yield texts or arrays",
        code=ErrorCode.COMPONENT_FAILED,
    )


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return len(value) * (1 if isinstance(value, str | bytes) else 100) if isinstance(value, Sized) else 0
