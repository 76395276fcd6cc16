"""How many instructions a call takes: a number that repeats, so that a slower call path is found in a review.

    python -m benchmarks.instructions            compare with instructions.json
    python -m benchmarks.instructions --accept   make what is counted now the new baseline

Valgrind's callgrind counts calls in one thread: over REST from the bytes that arrive on a connection to those
of the answer, over gRPC what stands between the message that grpc hands over and the one that it takes. Not
counted are sockets, the kernel, and the hand-over between threads.
Counts depend on the versions of Python and of the libraries; without the baseline's nothing is compared.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_BASELINE = Path(__file__).parent / "instructions.json"
_LIBRARIES = ("grpcio", "msgspec", "numpy", "orjson", "protobuf", "pysimdjson", "uvloop")
_MARK = "ctermid"
"""A function of the C library that only :func:`os.ctermid` calls: callgrind starts a new count there."""
_CALLS = {4: 200, 1_000: 40, 100_000: 1}
"""How many are counted, by the size of the payload; a quarter of them goes before."""


def main() -> int:
    """Exit status: 0, also when nothing could be compared, or 1 when a call takes more than it may."""
    parser = argparse.ArgumentParser(description="Count the instructions of a call.")
    parser.add_argument("--accept", action="store_true", help="keep the counts as the baseline")
    parser.add_argument("--tolerance", type=float, default=0.02, help="of the baseline")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inner:
        _run_all()
        return 0
    baseline = json.loads(_BASELINE.read_text()) if _BASELINE.exists() else {"versions": {}, "counts": {}}
    if shutil.which("valgrind") is None:
        print("skipped: there is no valgrind")
        return 0
    if not arguments.accept and baseline["versions"] != _versions():
        print(f"skipped: the baseline was counted with {baseline['versions']}, here is {_versions()}")
        return 0
    counts = _count()
    if arguments.accept:
        _BASELINE.write_text(json.dumps({"versions": _versions(), "counts": counts}, indent=2) + "\n")
        print(f"written to {_BASELINE}")
        return 0
    return compare(counts, baseline["counts"], arguments.tolerance)


def compare(counts: dict[str, int], baseline: dict[str, int], tolerance: float) -> int:
    """Print both, and give the exit status."""
    worse = False
    for name, count in counts.items():
        before = baseline.get(name)
        change = f"{count / before - 1:+.1%}" if before else "new"
        print(f"{name:24} {count:12,} instructions for a call  {change}")
        worse |= before is not None and count > before * (1 + tolerance)
    if worse:
        print(
            f"more than {tolerance:.0%} above the baseline. If that is wanted: "
            "python -m benchmarks.instructions --accept"
        )
    return int(worse)


def _count() -> dict[str, int]:
    """For each case, the instructions of one call."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("valgrind", "--tool=callgrind", f"--dump-before={_MARK}"),
            *(
                f"--callgrind-out-file={folder}/out",
                sys.executable,
                "-m",
                "benchmarks.instructions",
                "--inner",
            ),
        ]
        fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **fixed})
        if ended.returncode:
            raise SystemExit(ended.stderr)
        names = ended.stdout.split("\n")[:-1]
        totals = [_total(Path(folder, f"out.{number + 1}")) for number in range(2 * len(names) + 1)]
    # the first part is the start; then warm-up and calls of each case take turns
    calls = [_CALLS[int(name.split()[1])] for name in names]
    return {name: totals[2 * i + 2] // calls[i] for i, name in enumerate(names)}


def _total(dump: Path) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.M)
    if found is None:
        raise SystemExit(f"callgrind wrote no totals into {dump}")
    return int(found[1])


def _run_all() -> None:
    """What callgrind watches; prints the name of each case."""
    from benchmarks.in_process import through_grpc, through_rest

    cases = [
        (f"{name} {size} numbers", make(size), number)
        for name, make in (("REST", through_rest), ("gRPC", through_grpc))
        for size, number in _CALLS.items()
    ]
    gc.collect()
    gc.disable()
    for name, calls, number in cases:
        print(name, flush=True)
        os.ctermid()
        calls(1 + number // 4)
        os.ctermid()
        calls(number)
    os.ctermid()


def _versions() -> dict[str, str]:
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "compiler": platform.python_compiler(), **libraries}


if __name__ == "__main__":
    sys.exit(main())
