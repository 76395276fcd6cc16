"""The memory that codecs have of earlier messages."""

from __future__ import annotations

from typing import TypeVar

_MOST = 256
LARGEST_BYTES = 4096
"""The longest text or message that a codec should remember, as clients choose how many there are."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(dict[Key, Value]):
    """A dict that begins anew at 256 entries, so that clients cannot fill the memory.

    Thread-safe for :meth:`remember` and ``get``.
    """

    def remember(self, key: Key, value: Value) -> None:
        """Add an entry."""
        if len(self) >= _MOST:
            self.clear()
        self[key] = value
