"""The section that measures graphs beside one component: chains, large tensors, combiners, random graphs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating, median_ms
from benchmarks.running import Running
from benchmarks.servers import PROGRAMS, Server, bentoml_chain, ours, ray_chain, running_program

_CONNECTIONS = (16, 1)
_CHAIN = 3
_SIZES = (1, 2, 4, 8, 12, 24)
_FILE = "graph.json"
_THREADS = {"one thread": "one", "a thread for each node": "each"}
_SLOW_S = 0.1
_SIDE = 100
_PEER_S = 4.0
"""The least seconds of load for peers with several processes on one processor: some answer late at first."""
_CHAINS: Mapping[str, Callable[[Path], Server]] = {
    "bentoml": partial(bentoml_chain, first="First"),
    "ray": partial(ray_chain, length=_CHAIN),
}


def graphs(plan: Plan) -> Iterator[Finding]:
    """Measure chains against one component, the cost of a further node, tensors, and children of one node."""
    servers = [replace(running_program("Waits"), name="one component")]
    servers += [_served(chain(_CHAIN), f"chain of {_CHAIN}, {name}", way) for name, way in _THREADS.items()]
    with all_running(plan, servers) as started:
        for connections in _CONNECTIONS:
            subjects = {each.server.name: partial(_rate, plan, each, connections) for each in started}
            yield from alternating(plan, "graphs", f"small request, {connections} connections", subjects)
    rows = [[0.5] * _SIDE] * _SIDE
    large = [replace(each, body=ours().body_of(rows)) for each in servers]
    with all_running(plan, large) as started:
        subjects = {each.server.name: partial(_rate, plan, each, 1) for each in started}
        yield from alternating(plan, "graphs", f"{_SIDE} x {_SIDE} numbers, 1 connection", subjects)
    yield from _combiner(plan)
    yield from _random_graphs(plan)
    yield from _beside_peers(plan)


def _beside_peers(plan: Plan) -> Iterator[Finding]:
    """Measure a chain beside peers: as a graph of theirs, or as servers that a client calls one by one."""
    own = _served(chain(_CHAIN), "seldon", "one")
    theirs = [_CHAINS[peer.name](Path(peer.command[0]).parent) for peer in plan.peers if peer.name in _CHAINS]
    longer = replace(plan, seconds=max(plan.seconds, _PEER_S))
    if theirs:
        with all_running(plan, [own, *theirs]) as started:
            for connections in _CONNECTIONS:
                subjects = {each.server.name: partial(_rate, longer, each, connections) for each in started}
                row = f"chain of {_CHAIN} beside peers, {connections} connections"
                yield from alternating(plan, "graphs", row, subjects)
    wrappers = [
        replace(peer, name=f"incumbent {number}")
        for peer in plan.peers
        if peer.name == "incumbent"
        for number in range(_CHAIN)
    ]
    if wrappers:
        with all_running(plan, [own, *wrappers]) as (graph, *alone):
            for connections in _CONNECTIONS:
                subjects = {
                    "seldon": partial(_rate, longer, graph, connections),
                    f"incumbent, {_CHAIN} wrappers": partial(_one_by_one, longer, alone, connections),
                }
                row = f"chain of {_CHAIN} beside wrappers called one by one, {connections} connections"
                yield from alternating(plan, "graphs", row, subjects)


def _one_by_one(plan: Plan, servers: Sequence[Running], connections: int) -> Mapping[str, float]:
    return load.one_by_one(servers, plan.load_processor, connections, plan.seconds).measures()


def _combiner(plan: Plan) -> Iterator[Finding]:
    children = [_node(f"n{i}", parameters=[_parameter("wait_s", _SLOW_S)]) for i in range(3)]
    root = {"name": "first", "methods": [], "children": children}
    with all_running(plan, [_served(root, f"three children of {_SLOW_S * 1000:g} ms", "each")]) as started:
        subjects = {each.server.name: partial(_round_trip, each) for each in started}
        yield from alternating(plan, "graphs", "children at the same time", subjects)


def _random_graphs(plan: Plan) -> Iterator[Finding]:
    source = random.Random(0)
    servers = [_served(_tree(source, size), f"random graph of {size} nodes", "one") for size in _SIZES]
    with all_running(plan, servers) as started:
        subjects = {each.server.name: partial(_rate, plan, each, 1) for each in started}
        yield from alternating(plan, "graphs", "one thread, 1 connection", subjects)


def _rate(plan: Plan, server: Running, connections: int) -> Mapping[str, float]:
    return load.rest(server, plan.load_processor, connections, plan.seconds).measures()


def _round_trip(server: Running) -> Mapping[str, float]:
    return {"ms": median_ms(server.ask)}


def _node(name: str, *children: Any, parameters: Sequence[Any] = ()) -> dict[str, Any]:
    return {"name": name, "type": "MODEL", "children": list(children), "parameters": list(parameters)}


def _parameter(name: str, value: float) -> dict[str, str]:
    return {"name": name, "value": str(value), "type": "FLOAT"}


def chain(length: int) -> dict[str, Any]:
    """Return a graph whose nodes follow one another."""
    node = _node(f"n{length}")
    for number in reversed(range(1, length)):
        node = _node(f"n{number}", node)
    return node


def _tree(source: random.Random, size: int) -> dict[str, Any]:
    """Return a random graph in which every node predicts."""
    nodes = [_node(f"n{number}") for number in range(size)]
    for number in range(1, size):
        nodes[source.randrange(number)]["children"].append(nodes[number])
    return nodes[0]


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    yield node["name"]
    for child in node["children"]:
        yield from _names(child)


def document(root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file of a graph whose nodes are of the class Waits."""
    env = [{"name": "MODEL_NAME", "value": "Waits"}]
    containers = [{"name": each, "image": f"{each}:1", "env": env} for each in _names(root)]
    predictor = {"name": "main", "graph": root, "componentSpecs": [{"spec": {"containers": containers}}]}
    return {"kind": "SeldonDeployment", "metadata": {"name": "bench"}, "spec": {"predictors": [predictor]}}


def _served(root: Mapping[str, Any], name: str, threads: str) -> Server:
    own = ours("REST", "--graph-threads", threads)
    files = {_FILE: json.dumps(document(root)), "Waits.py": (PROGRAMS / "Waits.py").read_text()}
    return replace(own, name=name, command=(own.command[0], _FILE, *own.command[2:]), files=files)
