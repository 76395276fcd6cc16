"""A pickle and the large buffers beside it, such as the values of arrays: pickle's out-of-band data.

Inside a pickle an array is copied twice, into small pages of memory; beside it once, into large
ones. That takes a third to a quarter of the time, in which calls wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

Buffer = bytes | memoryview
"""Bytes; a memoryview has one dimension and items of one byte."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is saved of an object. All of it is copied: it does not change when the object does."""

    pickle: Buffer
    buffers: tuple[Buffer, ...] = ()

    @property
    def pieces(self) -> tuple[Buffer, ...]:
        """The pickle, and what stands beside it."""
        return (self.pickle, *self.buffers)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(map(len, self.pieces))

    def digest(self) -> bytes:
        """SHA-256, to see whether anything has changed; 32 bytes. Blocks: 0.05 s for 100 MB."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(b"%d " % len(piece))
            digest.update(piece)
        return digest.digest()
