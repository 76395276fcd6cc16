"""Run the chosen sections, keep the results as JSON, and write the page and the plot from them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import (
    allocations,
    batches,
    graphs,
    in_process,
    load,
    machine,
    open_inference,
    processes,
    report,
    streams,
    tables,
)
from benchmarks.measuring import Plan
from benchmarks.servers import Server, peers

SECTIONS = {
    "throughput": processes.throughput,
    "large": processes.large,
    "open_inference": open_inference.open_inference,
    "batches": batches.batches,
    "awaiting": streams.awaiting,
    "streams": streams.streams,
    "tables": tables.tables,
    "graphs": graphs.graphs,
    "start": processes.start,
    "latency": processes.latency,
    "stages": in_process.stages,
    "sizes": processes.sizes,
    "connections": processes.connections,
    "workers": processes.workers,
    "plugins": processes.plugins,
    "allocations": allocations.allocations,
}
_IN_PROCESS = {"stages", "allocations"}
_DOCS = Path(__file__).parent.parent / "docs" / "explanation"


def main() -> None:
    """Run the command."""
    arguments = _parse()
    if arguments.report_only is not None:
        report.write(json.loads(arguments.report_only.read_text()), arguments.docs)
        return
    chosen = arguments.only or list(SECTIONS)
    if not _IN_PROCESS.issuperset(chosen) and (missing := load.missing_programs()):
        sys.exit(f"please install {' and '.join(missing)} (Debian: wrk, nghttp2-client)")
    versions, found = _peers(arguments.peers)
    plan = Plan(arguments.rounds, arguments.seconds, found)
    results: dict[str, Any] = {
        "command": _command(arguments, plan),
        "machine": machine.facts() | {"peers": ", ".join(versions)},
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "findings": [],
    }
    for name in chosen:
        began = time.monotonic()
        for finding in SECTIONS[name](plan):
            results["findings"].append(asdict(finding))
            print(finding.section, finding.row, finding.subject, finding.measure, finding.values, flush=True)
        print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        arguments.output.write_text(json.dumps(results, indent=1) + "\n")  # a later section may fail
    if arguments.docs is not None:
        report.write(results, arguments.docs)


def _command(arguments: argparse.Namespace, plan: Plan) -> str:
    words = ["python -m benchmarks", f"--rounds {plan.rounds}", f"--seconds {plan.seconds:g}"]
    if arguments.only:
        words += ["--only", *arguments.only]
    if arguments.peers:
        words += ["--peers", *(path.name for path in arguments.peers)]
    return " ".join(words)


def _peers(environments: list[Path]) -> tuple[list[str], list[Server]]:
    versions, servers = [], []
    for environment in environments:
        for version, server in peers(environment).values():
            versions.append(version)
            servers.append(server)
    return versions, servers


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    named = os.environ.get("SELDON_BENCH_PEERS", "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of load in each round")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="run only these sections")
    parser.add_argument(
        "--peers",
        nargs="+",
        type=Path,
        default=[Path(path) for path in named.split(os.pathsep) if path],
        help="virtual environments with seldon-core, mlserver, kserve, nvidia-pytriton, litserve, bentoml or "
        "ray; or set SELDON_BENCH_PEERS=a:b",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("benchmark.json"), help="file that receives the results"
    )
    parser.add_argument(
        "--docs", type=Path, help=f"write the page and the plot here, such as docs/{_DOCS.name}"
    )
    parser.add_argument("--report-only", type=Path, help="write the page again from an earlier --output")
    return parser.parse_args()


if __name__ == "__main__":
    main()
