"""``tox run -e fuzz -- --inputs 1000000``: many inputs for every decoder, guided by the code that they reach.

Each target runs in a process of its own, one after the other, under atheris (libFuzzer). A finding is an
exception that the decoder must not raise, a crash, an input that takes longer than ``--seconds``, or more
memory than ``--memory``; the input is kept in ``--findings``, and the run goes on with the next target.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .targets import TARGETS

_MOST_INPUTS = 40_000
"""The most inputs of one process: atheris keeps each, which takes some ten KiB."""
_STATS = ("number_of_executed_units", "slowest_unit_time_sec", "peak_rss_mb")


def main() -> int:
    """The exit status: 1 after a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="in all, spread evenly")
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=5, help="the longest that one input may take")
    parser.add_argument("--memory", type=int, default=1024, help="MiB of memory that a target may take")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    options = parser.parse_args()
    names = options.target or list(TARGETS)
    found = 0
    print(f"{'target':20} {'inputs':>8} {'s':>6} {'slowest s':>9} {'peak MiB':>8}  finding", flush=True)
    for name in names:
        found += _run(name, -(-options.inputs // len(names)), options)
    return 1 if found else 0


def _run(name: str, inputs: int, options: argparse.Namespace) -> bool:
    """Give a target its inputs, in processes that build on one another; return whether one fails."""
    options.findings.mkdir(exist_ok=True)
    began, finding, ended = time.monotonic(), "", None
    units, slowest, peak = 0, 0, 0
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[name].seeds()):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        for start in range(0, inputs, _MOST_INPUTS):
            ended = _process(name, corpus, start, min(_MOST_INPUTS, inputs - start), options)
            ran, slowest_now, peak_now = (_stat(stat, ended.stderr) for stat in _STATS)
            units, slowest, peak = units + ran, max(slowest, slowest_now), max(peak, peak_now)
            finding = _finding(ended)
            if finding:
                break
    taken = time.monotonic() - began
    print(f"{name:20} {units:>8} {taken:6.0f} {slowest:>9} {peak:>8}  {finding or 'none'}", flush=True)
    if finding and ended is not None:
        print(ended.stdout, "\n".join(ended.stderr.splitlines()[-20:]), file=sys.stderr, flush=True)
    return bool(finding)


def _process(
    name: str, corpus: str, start: int, inputs: int, options: argparse.Namespace
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.guided", name, str(options.memory), corpus),
            *(f"-runs={inputs}", f"-seed={options.seed + start}", f"-timeout={options.seconds}"),
            *("-max_len=8192", f"-rss_limit_mb={options.memory}"),
            *("-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={options.findings}/{name}-"),
        ],
        capture_output=True,
        text=True,
        errors="replace",
    )


def _stat(name: str, text: str) -> int:
    found = re.search(rf"stat::{name}: *(\d+)", text)
    return int(found[1]) if found else 0


def _finding(ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode == 0:
        return ""
    raised = re.search(r"Uncaught Python exception: ===\n(.*)", ended.stdout)
    told = raised or re.search(r"ERROR: (.*)", ended.stderr)
    return told[1][:150] if told else f"ended with {ended.returncode}"


if __name__ == "__main__":
    sys.exit(main())
