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
import importlib.metadata
import json
import platform
import sys
from pathlib import Path

from benchmarks import callgrind

_BASELINE = Path(__file__).parent / "instructions.json"
_LIBRARIES = ("grpcio", "msgspec", "numpy", "orjson", "protobuf", "pysimdjson", "uvloop")
_CALLS = {4: 200, 1_000: 40, 100_000: 1}
"""How many are counted, by the size of the payload."""


def main() -> int:
    """Exit status: 0, also when nothing could be compared, or 1 when a call takes more than it may."""
    parser = argparse.ArgumentParser(description="Count the instructions of a call.")
    parser.add_argument("--accept", action="store_true", help="keep the counts as the baseline")
    parser.add_argument("--tolerance", type=float, default=0.02, help="of the baseline")
    parser.add_argument(callgrind.INNER, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inner:
        _run_all()
        return 0
    baseline = json.loads(_BASELINE.read_text()) if _BASELINE.exists() else {"versions": {}, "counts": {}}
    if not callgrind.is_installed():
        print("skipped: there is no valgrind")
        return 0
    if not arguments.accept and baseline["versions"] != _versions():
        print(f"skipped: the baseline was counted with {baseline['versions']}, here is {_versions()}")
        return 0
    counts = callgrind.count("benchmarks.instructions")
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


def _run_all() -> None:
    """What callgrind watches."""
    from benchmarks.in_process import through_grpc, through_rest

    cases = [
        (f"{name} {size} numbers", make(size), number)
        for name, make in (("REST", through_rest), ("gRPC", through_grpc))
        for size, number in _CALLS.items()
    ]
    callgrind.run(cases)


def _versions() -> dict[str, str]:
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "compiler": platform.python_compiler(), **libraries}


if __name__ == "__main__":
    sys.exit(main())
