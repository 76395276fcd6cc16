"""Calls while glibc's ``mtrace`` records each allocation; ``benchmarks.allocations`` runs this module.

    PYTHONMALLOC=malloc LD_PRELOAD=libc_malloc_debug.so.0 python -m benchmarks.traced_calls FOLDER

The folder receives a file for each case, in the order of ``CASES``.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import sys
from pathlib import Path

from benchmarks.in_process import through_grpc, through_rest

CASES = [
    (f"{name}, {size} numbers", make, size, calls)
    for name, make in (("REST", through_rest), ("gRPC", through_grpc))
    for size, calls in ((4, 100), (1_000, 20), (100_000, 1))
]
"""The row, the function that makes the calls, the size of their payload, and the number of traced calls."""
_FIRST_VERSIONS = {"x86_64": b"GLIBC_2.2.5", "aarch64": b"GLIBC_2.17"}
"""The symbol versions of the C library. The preloaded ``mtrace`` has only this version; a lookup needs it."""


def main(folder: Path) -> None:
    """Run the traced calls."""
    version = _FIRST_VERSIONS[platform.machine()]
    libc = ctypes.CDLL(None)
    libc.dlvsym.restype = ctypes.c_void_p
    start, end = (
        ctypes.CFUNCTYPE(None)(libc.dlvsym(None, name, version)) for name in (b"mtrace", b"muntrace")
    )
    gc.disable()
    for number, (_, make, size, count) in enumerate(CASES):
        calls = make(size)
        calls(count)
        os.environ["MALLOC_TRACE"] = str(folder / str(number))
        start()
        calls(count)
        end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
