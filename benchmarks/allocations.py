"""The section that measures the memory of a call, inside one process."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.in_process import Calls
from benchmarks.measuring import Finding, Plan
from benchmarks.traced_calls import CASES

_TRACING = {"PYTHONMALLOC": "malloc", "LD_PRELOAD": "libc_malloc_debug.so.0"}


def allocations(plan: Plan) -> Iterator[Finding]:
    """Count the allocations of a call; measure its peak memory and the blocks that calls leave behind."""
    for row, value in allocated().items():
        yield Finding("allocations", row, "seldon", "allocations", [value])
    for row, make, size, _ in CASES:
        calls = make(size)
        yield Finding("allocations", row, "seldon", "peak KiB", [peak_bytes(calls) / 1024])
        yield Finding("allocations", row, "seldon", "blocks left by 20 calls", [blocks_left(calls, 20)])


def allocated() -> Mapping[str, float]:
    """Return the C library's allocations of a call, by row, without Python's own allocator.

    Objects from Python's free lists do not count. The mapping is empty without glibc's ``mtrace``.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.traced_calls", folder]
        ended = subprocess.run(command, env={**os.environ, **_TRACING}, capture_output=True, text=True)
        if ended.returncode:
            print("cannot count allocations on this machine:", ended.stderr[-500:], file=sys.stderr)
            return {}
        traces = [Path(folder, str(number)).read_text().splitlines() for number in range(len(CASES))]
    return {
        row: sum(" + " in line or " > " in line for line in trace) / count
        for (row, _, _, count), trace in zip(CASES, traces, strict=True)
    }


def peak_bytes(calls: Calls) -> float:
    """Return the peak memory of Python and NumPy during a call, above the memory before it."""
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
    """Return the number of memory blocks that ``number`` calls leave behind."""
    calls(5)
    gc.collect()
    before = sys.getallocatedblocks()
    calls(number)
    gc.collect()
    return sys.getallocatedblocks() - before
