"""The memory that the process frees: the C library keeps some of it for later calls.

By default glibc gives each large block back to the system, which fills new pages with zeros for the next
call. For a request of megabytes that takes as much time as all the rest. Source: mallopt(3).
"""

from __future__ import annotations

import ctypes
import os
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt: the free memory at the end of a heap, and the size of a block of its own, from which
on the system receives them back."""
_CHOSEN_BY = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
_SHARES = 16
"""A heap keeps this part of the memory that the process may still take. Several threads have one of their
own."""
_LEAST_BYTES, _MOST_BYTES = 16 * 1024 * 1024, 128 * 1024 * 1024
_MOST_BLOCK_BYTES = 32 * 1024 * 1024
"""The most that mallopt takes for a block on machines of 64 bits."""


def keep_freed_memory(free_bytes: int) -> None:
    """Let each heap keep freed memory, up to a sixteenth of ``free_bytes`` and at most 128 MiB.

    Nothing changes with less than 256 MiB, with another C library, or if the environment has chosen already:
    MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_, or GLIBC_TUNABLES of malloc.

    Args:
        free_bytes: the memory that the process may still take.
    """
    is_chosen = any(name in os.environ for name in _CHOSEN_BY)
    if is_chosen or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return
    kept = min(_MOST_BYTES, free_bytes // _SHARES)
    if kept < _LEAST_BYTES or platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, min(_MOST_BLOCK_BYTES, kept))
    mallopt(_TRIM_THRESHOLD, kept)
