"""The instructions of a call: a number that repeats, so that a review finds a slower call path.

    python -m benchmarks.instructions            compare with instructions.json
    python -m benchmarks.instructions --accept   make the new counts the baseline

Valgrind's callgrind counts calls in one thread. Over REST it counts from the bytes that arrive on a
connection to the bytes of the response. Over gRPC it counts from the message that grpc delivers to the
message that it receives. Graphs answer four numbers over REST; their nodes follow one another on one thread.
Sockets, the kernel and the hand-over between threads do not count.
Counts depend on the versions of Python and of the libraries: the command compares nothing if they differ from
the baseline's.
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
"""The number of counted calls, by the size of the payload."""
_CHAINS = (1, 3, 13)
"""The numbers of nodes of graphs on one thread."""


def main() -> int:
    """Return the exit status: 1 if a call takes more instructions than allowed, else 0."""
    parser = argparse.ArgumentParser(description="Count the instructions of a call.")
    parser.add_argument("--accept", action="store_true", help="keep the counts as the new baseline")
    parser.add_argument(
        "--tolerance", type=float, default=0.02, help="allowed increase, as a part of the baseline"
    )
    parser.add_argument(callgrind.INNER, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inner:
        _run_all()
        return 0
    baseline = json.loads(_BASELINE.read_text()) if _BASELINE.exists() else {"versions": {}, "counts": {}}
    if not callgrind.is_installed():
        print("skipped: valgrind is not installed")
        return 0
    if not arguments.accept and baseline["versions"] != _versions():
        print(
            f"skipped: the baseline belongs to {baseline['versions']}, but this environment has {_versions()}"
        )
        return 0
    counts = callgrind.count("benchmarks.instructions")
    if arguments.accept:
        _BASELINE.write_text(json.dumps({"versions": _versions(), "counts": counts}, indent=2) + "\n")
        print(f"written to {_BASELINE}")
        return 0
    return compare(counts, baseline["counts"], arguments.tolerance)


def compare(counts: dict[str, int], baseline: dict[str, int], tolerance: float) -> int:
    """Print the counts beside the baseline; return the exit status."""
    worse = False
    for name, count in counts.items():
        before = baseline.get(name)
        change = f"{count / before - 1:+.1%}" if before else "new"
        print(f"{name:24} {count:12,} instructions for a call  {change}")
        worse |= before is not None and count > before * (1 + tolerance)
    if worse:
        print(
            f"more than {tolerance:.0%} above the baseline. If you accept that: "
            "python -m benchmarks.instructions --accept"
        )
    return int(worse)


def _run_all() -> None:
    """Run the cases under callgrind."""
    from benchmarks import in_process
    from benchmarks.in_process import through_chain
    from benchmarks.programs.Identity import Identity

    calls = {
        "REST": in_process.through_rest,
        "gRPC": in_process.through_grpc,
        "V2 JSON": in_process.through_v2_json,
        "V2 binary": in_process.through_v2_binary,
        "V2 gRPC": in_process.through_v2_grpc,
    }
    cases = [
        (f"{name} {size} numbers", make(size), number)
        for name, make in calls.items()
        for size, number in _CALLS.items()
    ]
    cases += [(f"graph of {nodes}", through_chain(nodes), 200) for nodes in _CHAINS]
    cases.append(("graph of 3, with meta", through_chain(3, Identity), 200))
    callgrind.run(cases)


def _versions() -> dict[str, str]:
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "compiler": platform.python_compiler(), **libraries}


if __name__ == "__main__":
    sys.exit(main())
