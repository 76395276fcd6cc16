"""The memory that all requests under way may take together."""

from __future__ import annotations

import threading
from collections import deque

from seldon_runtime.errors import ErrorCode, SeldonError

UNCOUNTED_BYTES = 16 * 1024
"""Requests up to this size are not counted: counting them would cost more than they take."""
DEFAULT_BUDGET_BYTES = 1024 * 1024 * 1024
_RETRY_AFTER = {"Retry-After": "1"}


def length_of(wire: object) -> int:
    """Return the length of a serialized request; 0 for an object."""
    return len(wire) if isinstance(wire, bytes | str | bytearray | memoryview) else 0


class HeldMemory:
    """The bytes that one request takes of a budget, which has them back when nothing refers to this object.

    A call, and the transport's own request, refer to it for as long as they exist. So a request counts until
    its memory is free, however it ends.
    """

    __slots__ = ("_budget", "size")

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.size = 0

    def grow_body(self, size: int) -> None:
        """Take ``size`` further bytes for a body that arrives.

        Raises:
            SeldonError: OVERLOADED, when the other requests leave less than that.
        """
        self._budget._take(self, size, self._budget.bodies_bytes)

    def grow(self, size: int) -> None:
        """Take ``size`` further bytes for reading the request.

        Raises:
            SeldonError: OVERLOADED, when the requests under way leave less than that.
        """
        self._budget._take(self, size, self._budget.limit_bytes)

    def __del__(self) -> None:
        if self.size:
            self._budget.returned.append(self.size)


class MemoryBudget:
    """An account of the memory that requests take, with an upper limit. Thread-safe.

    Bodies that arrive or wait may take half of it. So there is room to read a request, however many wait. A
    request that is alone is always taken: ``Limits.max_request_memory`` bounds it.

    Args:
        limit_bytes: the most that all requests may take together.
    """

    def __init__(self, limit_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.bodies_bytes = limit_bytes // 2
        self.returned: deque[int] = deque()
        """The sizes of freed requests. The garbage collector may add a size on any thread at any time, so
        it must not wait for a lock; the next request subtracts them."""
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """The bytes that the requests under way take at this moment."""
        with self._lock:
            return self._settled()

    def for_body(self, size: int) -> HeldMemory:
        """Return ``size`` bytes for a request that arrives, or waits to be read.

        Raises:
            SeldonError: OVERLOADED, when the other requests leave less than that.
        """
        held = HeldMemory(self)
        held.grow_body(size)
        return held

    def for_reading(self, size: int, body: HeldMemory | None = None) -> HeldMemory:
        """Return ``size`` bytes for reading a request, whose body is held already.

        Raises:
            SeldonError: OVERLOADED, when the other requests leave less than that.
        """
        held = HeldMemory(self)
        self._take(held, size, self.limit_bytes, body.size if body is not None else 0)
        return held

    def _take(self, held: HeldMemory, size: int, limit: int, besides: int = 0) -> None:
        """Add ``size`` bytes to ``held``, while all together stay within ``limit``.

        Args:
            held: the bytes of a request.
            size: to be added.
            limit: the most that all requests may take together then.
            besides: the bytes that the same request holds in another place.
        """
        with self._lock:
            taken = self._settled()
            if taken + size > limit and taken > held.size + besides:
                raise SeldonError(
                    f"the requests under way take {taken} bytes of memory, this one needs {size} more, and "
                    f"all together may take {limit} (SELDON_MEMORY_BUDGET); try again later",
                    code=ErrorCode.OVERLOADED,
                    headers=_RETRY_AFTER,
                )
            self._taken = taken + size
            held.size += size

    def _settled(self) -> int:
        while self.returned:
            self._taken -= self.returned.popleft()
        return self._taken
