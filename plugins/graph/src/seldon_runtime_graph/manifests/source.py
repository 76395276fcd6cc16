"""The parts of the file that a manifest takes over as they are."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Node, Predictor
from seldon_runtime_graph.spec.nodes import BUILT_IN, RANDOM_ABTEST


def source_of(document: Members, predictor: Predictor) -> Members:
    """Return a predictor as the file has it."""
    spec = document.object("spec")
    return next(each for each in spec.objects("predictors") if each.path == predictor.path)


def containers_of(source: Members) -> Iterator[Members]:
    """Yield the containers of a predictor."""
    for each in source.objects("componentSpecs"):
        yield from each.object("spec").objects("containers")


def node_containers(source: Members, predictor: Predictor) -> list[Members]:
    """Return the containers of a predictor's nodes."""
    names = {node.name for node in predictor.graph.walk()}
    return [each for each in containers_of(source) if each.text("name") in names]


def routes(node: Node) -> bool:
    """Return whether a node chooses a branch, by a class or built in."""
    return node.implementation == RANDOM_ABTEST or may_learn(node)


def may_learn(node: Node) -> bool:
    """Return whether a node is a router with a class, which feedback may teach."""
    is_router = node.type == "ROUTER" or "ROUTE" in (node.methods or ())
    return is_router and node.implementation not in BUILT_IN
