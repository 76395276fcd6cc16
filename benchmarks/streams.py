"""The sections that measure async methods and streams."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating
from benchmarks.running import Running
from benchmarks.servers import PROGRAMS, Server, ours, running_program

_AWAITED_S = 0.05
"""The time of the component in ``programs/Awaits.py``."""
_CONNECTIONS = 200
_ITEMS = 10_000
_FIRSTS = 200
_CLIENTS = 200
_PROGRAMS = {"generator": "Yields", "async generator": "YieldsAsync"}


def awaiting(plan: Plan) -> Iterator[Finding]:
    """Measure a component that awaits, beside the identity: the most that the transport gives."""
    row = f"awaits 50 ms, {_CONNECTIONS} connections"
    awaits = running_program("Awaits", "--concurrency", str(_CONNECTIONS))
    servers = [awaits, replace(ours(), name="identity")]
    with all_running(plan, servers) as started:
        subjects = {each.server.name: partial(_rate, plan, each) for each in started}
        yield from alternating(plan, "awaiting", row, subjects)
    yield Finding("awaiting", row, "perfect", "calls/s", [_CONNECTIONS / _AWAITED_S] * plan.rounds)


def streams(plan: Plan) -> Iterator[Finding]:
    """Measure the items of one stream, the way of a first item, and the shares of many streams."""
    with all_running(plan, [_yielding(name, program) for name, program in _PROGRAMS.items()]) as started:
        for row, measure in {
            f"{_ITEMS:,} items to one client": _items,
            "from yield to arrival": _first,
            f"{_CLIENTS} clients at once": _shares,
        }.items():
            subjects = {each.server.name: partial(measure, plan, each) for each in started}
            yield from alternating(plan, "streams", row, subjects)


def _yielding(name: str, program: str) -> Server:
    server = running_program(program)
    return replace(
        server, name=name, files={**server.files, "Yields.py": (PROGRAMS / "Yields.py").read_text()}
    )


def _rate(plan: Plan, server: Running) -> Mapping[str, float]:
    return load.rest(server, plan.load_processor, _CONNECTIONS, plan.seconds).measures()


def _items(plan: Plan, server: Running) -> Mapping[str, float]:
    return {"items/s": statistics.median(_found(plan, server, "items", _ITEMS))}


def _first(plan: Plan, server: Running) -> Mapping[str, float]:
    taken = sorted(_found(plan, server, "first", _FIRSTS))
    return {"p50 ms": statistics.median(taken), "p99 ms": taken[int(len(taken) * 0.99) - 1]}


def _shares(plan: Plan, server: Running) -> Mapping[str, float]:
    found = _found(plan, server, "shares", _CLIENTS)
    mean = statistics.mean(found)
    return {
        "items/s": sum(found) / plan.seconds,
        "least share": min(found) / mean,
        "greatest share": max(found) / mean,
    }


def _found(plan: Plan, server: Running, measure: str, number: int) -> list[float]:
    """Return what clients on the load generator's processor have measured. Blocks meanwhile."""
    words = ("-m", "benchmarks.stream_clients", str(server.http), measure, str(number), str(plan.seconds))
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=Path(__file__).parent.parent,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {plan.load_processor}),
    )
    found: list[float] = json.loads(ended.stdout)
    return found
