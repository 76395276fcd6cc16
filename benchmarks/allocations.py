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
    """How often a call asks for memory, the most that it holds at a time, and what calls leave behind."""
    for row, value in allocated().items():
        yield Finding("allocations", row, "seldon", "allocations", [value])
    for row, make, size, _ in CASES:
        calls = make(size)
        yield Finding("allocations", row, "seldon", "KiB at the most", [peak_bytes(calls) / 1024])
        yield Finding("allocations", row, "seldon", "blocks left by 20 calls", [blocks_left(calls, 20)])


def allocated() -> Mapping[str, float]:
    """By row, how often a call has the C library allocate, with Python's own allocator switched off. What
    Python takes from its lists of free objects is not among them. Empty without glibc's ``mtrace``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.traced_calls", folder]
        ended = subprocess.run(command, env={**os.environ, **_TRACING}, capture_output=True, text=True)
        if ended.returncode:
            print("allocations are not counted here:", ended.stderr[-500:], file=sys.stderr)
            return {}
        traces = [Path(folder, str(number)).read_text().splitlines() for number in range(len(CASES))]
    return {
        row: sum(" + " in line or " > " in line for line in trace) / count
        for (row, _, _, count), trace in zip(CASES, traces, strict=True)
    }


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
    calls(5)
    gc.collect()
    before = sys.getallocatedblocks()
    calls(number)
    gc.collect()
    return sys.getallocatedblocks() - before
