"""Counts instructions with valgrind's callgrind; the counts repeat within half a per cent."""

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
"""The word with which a module that is counted calls :func:`run`."""
_MARK = "ctermid"
"""A function of the C library that only :func:`os.ctermid` calls: callgrind starts a new count there."""

Case = tuple[str, Callable[[int], object], int]
"""A name, what makes so many calls, and how many are counted; a quarter of them goes before."""


def is_installed() -> bool:
    """Whether valgrind is there."""
    return shutil.which("valgrind") is not None


def count(module: str) -> dict[str, int]:
    """The instructions of one call of each case that ``module`` runs. Blocks for a minute or two."""
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
    # the first part is the start; then warm-up and calls of each case take turns
    return {name: totals[2 * i + 2] // int(calls) for i, (name, calls) in enumerate(counted)}


def run(cases: Sequence[Case]) -> None:
    """What callgrind watches."""
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
