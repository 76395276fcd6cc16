"""Freed memory of large blocks is used again, which page faults show: each stands for a page of zeros."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from seldon_runtime.process.allocator import keep_freed_memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")

ROUNDS = 50
BLOCK_BYTES = 8 * 1024 * 1024
PAGES = ROUNDS * BLOCK_BYTES // os.sysconf("SC_PAGE_SIZE")
SCRIPT = f"""
import resource, sys
from seldon_runtime.process.allocator import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_freed_memory(int(sys.argv[1]))
bytes({BLOCK_BYTES})
before = faults()
for _ in range({ROUNDS}):
    bytearray(b"a") * {BLOCK_BYTES}
print(faults() - before)
"""


def faults(free_bytes: int, **environment: str) -> int:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(free_bytes)],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return int(ended.stdout)


def test_large_blocks_take_no_new_pages_where_there_is_memory():
    assert faults(4 << 30) < PAGES // 10


@pytest.mark.parametrize(
    "choice",
    [
        {"MALLOC_TRIM_THRESHOLD_": "131072"},
        {"MALLOC_MMAP_THRESHOLD_": "131072"},
        {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=131072"},
    ],
    ids=lambda choice: next(iter(choice)),
)
def test_the_choice_of_the_environment_stays(choice):
    assert faults(4 << 30, **choice) > PAGES // 2


@pytest.mark.parametrize(("free_bytes", "library"), [(4 << 30, ""), (255 << 20, "glibc")])
def test_another_c_library_and_little_memory_are_left_alone(monkeypatch, free_bytes, library):
    monkeypatch.setattr(platform, "libc_ver", lambda: (library, ""))
    monkeypatch.setattr("ctypes.CDLL", None)
    keep_freed_memory(free_bytes)
