"""The section that measures batches: how near the plugin comes to a perfect batcher, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating
from benchmarks.running import Running
from benchmarks.servers import Server, ours, running_program

_CALL_S = 0.005
_ROW_S = 0.0001
"""The times of the component in ``programs/Batched.py``."""
_BATCHING = ("--extension", "batching", "--batch-max-size", "64")


def batches(plan: Plan) -> Iterator[Finding]:
    """Measure a component that takes 5 ms for a call and 0.1 ms for a row, and the identity."""
    for connections in (1, 64):
        servers = [
            running_program("Batched", *_BATCHING),
            replace(running_program("Batched"), name="without the plugin"),
        ]
        row = f"5 ms and 0.1 ms a row, {connections} connection{'s' if connections > 1 else ''}"
        yield from _measured(plan, row, servers, connections)
        perfect = connections / (_CALL_S + connections * _ROW_S)
        yield Finding("batches", row, "a perfect batcher", "calls/s", [perfect] * plan.rounds)
    identity = [ours("REST", *_BATCHING), replace(ours("REST"), name="without the plugin")]
    yield from _measured(plan, "identity, 16 connections", identity, 16)


def _measured(plan: Plan, row: str, servers: list[Server], connections: int) -> Iterator[Finding]:
    with all_running(plan, servers) as started:
        subjects = {each.server.name: partial(_rate, plan, each, connections) for each in started}
        yield from alternating(plan, "batches", row, subjects)


def _rate(plan: Plan, server: Running, connections: int) -> Mapping[str, float]:
    found = load.rest(server, plan.load_processor, connections, plan.seconds)
    return {"calls/s": found.rate, "µs of processor per call": found.processor_us}
