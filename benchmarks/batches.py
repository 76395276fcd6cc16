"""The section that measures batches: how near the plugin comes to a perfect batcher, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating
from benchmarks.running import Running
from benchmarks.servers import PROGRAMS, Server, ours, running_program

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
            *(_PEERS[peer.name](peer) for peer in plan.peers if peer.name in _PEERS),
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
    return load.rest(server, plan.load_processor, connections, plan.seconds).measures()


def _mlserver(server: Server) -> Server:
    """Return MLServer with adaptive batching: a batch waits 5 ms until it is full."""
    model = {
        "name": "identity",
        "implementation": "mlserver_batched.Batched",
        "max_batch_size": 64,
        "max_batch_time": 0.005,
    }
    files = {
        "settings.json": server.files["settings.json"],
        "model-settings.json": json.dumps(model),
        "mlserver_batched.py": (PROGRAMS / "mlserver_batched.py").read_text(),
    }
    return replace(server, files=files)


def _triton(server: Server) -> Server:
    """Return Triton with its dynamic batcher, which does not wait."""
    files = {
        "models/identity/config.pbtxt": (PROGRAMS / "triton_batched.pbtxt").read_text(),
        "models/identity/1/model.py": (PROGRAMS / "triton_batched.py").read_text(),
    }
    return replace(server, files=files)


def _litserve(server: Server) -> Server:
    """Return LitServe with batches that wait 5 ms until they are full."""
    words = tuple(word.replace("_identity.py", "_batched.py") for word in server.command)
    return replace(server, command=words)


_PEERS = {"mlserver": _mlserver, "triton": _triton, "litserve": _litserve}
"""The peers that make batches."""
