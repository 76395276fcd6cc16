"""The section that measures the memory of a call, inside one process."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from benchmarks.in_process import SIZES, Calls, through_grpc, through_rest
from benchmarks.measuring import Finding, Plan

_CALLS = {4: 100, 1_000: 20, 100_000: 1}
_FIRST_VERSIONS = {"x86_64": b"GLIBC_2.2.5", "aarch64": b"GLIBC_2.17"}
"""Of the C library's functions: the preloaded ``mtrace`` has no other, and is not found without it."""
_TRACING = {"PYTHONMALLOC": "malloc", "LD_PRELOAD": "libc_malloc_debug.so.0"}
_TRACED = """
import ctypes, gc
from benchmarks.in_process import {make}
calls = {make}({size})
calls({calls})
gc.collect()
gc.disable()
libc = ctypes.CDLL(None)
libc.dlvsym.restype = ctypes.c_void_p
start, end = (ctypes.CFUNCTYPE(None)(libc.dlvsym(None, name, {version})) for name in (b"mtrace", b"muntrace"))
start()
calls({calls})
end()
"""


def allocations(plan: Plan) -> Iterator[Finding]:
    """How often a call asks for memory, the most that it holds at a time, and what a hundred leave behind."""
    for name, make in (("REST", through_rest), ("gRPC", through_grpc)):
        for size in SIZES:
            calls = make(size)
            found = {
                "allocations": allocated(make.__name__, size),
                "KiB at the most": peak_bytes(calls) / 1024,
                "blocks left by 100 calls": blocks_left(calls, 100),
            }
            for measure, value in found.items():
                if value is not None:
                    yield Finding("allocations", f"{name}, {size} numbers", "seldon", measure, [value])


def allocated(make: str, size: int) -> float | None:
    """How often a call has the C library allocate, with Python's own allocator switched off; None without
    glibc's ``mtrace``, which writes down each time. What Python takes from its lists of free objects is not
    among them."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace")
        version = _FIRST_VERSIONS.get(platform.machine())
        ended = subprocess.run(
            [sys.executable, "-c", _TRACED.format(make=make, size=size, calls=_CALLS[size], version=version)],
            env={**os.environ, **_TRACING, "MALLOC_TRACE": str(trace)},
            capture_output=True,
        )
        if ended.returncode or not trace.exists():
            return None
        lines = trace.read_text().splitlines()
    return sum(" + " in line or " > " in line for line in lines) / _CALLS[size]


def peak_bytes(calls: Calls) -> float:
    """The most memory of Python and NumPy that a call held at a time, above what was held before."""
    calls(1)
    gc.collect()
    tracemalloc.start()
    calls(1)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    calls(1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def blocks_left(calls: Calls, number: int) -> float:
    """How many memory blocks more there are after so many calls than before."""
    calls(10)
    gc.collect()
    before = sys.getallocatedblocks()
    calls(number)
    gc.collect()
    return sys.getallocatedblocks() - before
