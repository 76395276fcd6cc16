"""Instruction counts by valgrind's callgrind; they repeat within half a per cent."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

INNER = "--inner"
"""The argument that makes a counted module call :func:`run`."""
_MARK = "ctermid"
"""A function of the C library. Only :func:`os.ctermid` calls it; callgrind starts a new count there."""

Case = tuple[str, Callable[[int], object], int]
"""A name, a function that makes so many calls, and the number of counted calls.

A quarter of that number runs before them as a warm-up.
"""


def is_installed() -> bool:
    """Return True if valgrind is installed."""
    return shutil.which("valgrind") is not None


def count(module: str) -> dict[str, int]:
    """Return the instructions of one call of each case that ``module`` runs. Blocks for a minute or two."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("valgrind", "--tool=callgrind", f"--dump-before={_MARK}"),
            *(f"--callgrind-out-file={folder}/out", sys.executable, "-m", module, INNER),
        ]
        fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **fixed})
        if ended.returncode:
            raise SystemExit(ended.stderr)
        counted = [line.split("\t") for line in ended.stdout.splitlines()]
        totals = [_total(Path(folder, f"out.{number + 1}")) for number in range(2 * len(counted) + 1)]
    # The first dump holds the start; then each case has one dump for its warm-up and one for its calls.
    return {name: totals[2 * i + 2] // int(calls) for i, (name, calls) in enumerate(counted)}


def run(cases: Sequence[Case]) -> None:
    """Run the cases under callgrind."""
    gc.collect()
    gc.disable()
    for name, calls, number in cases:
        print(name, number, sep="\t", flush=True)
        os.ctermid()
        calls(1 + number // 4)
        os.ctermid()
        calls(number)
    os.ctermid()


def _total(dump: Path) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.M)
    if found is None:
        raise SystemExit(f"callgrind wrote no totals into {dump}")
    return int(found[1])
