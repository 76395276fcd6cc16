"""The words for nodes in drawings."""

from __future__ import annotations

from seldon_runtime_graph.spec.model import Node, Predictor


def kind_of(node: Node) -> str:
    """Return the words for what a node does."""
    words = ("MODEL",) if node.methods is None else node.methods
    return node.implementation or node.type or " + ".join(words) or "no method"


def heading_of(predictor: Predictor) -> str:
    """Return the words for a predictor among several: its name and its share of the traffic."""
    share = "shadow" if predictor.shadow else f"{predictor.traffic} %"
    return f"{predictor.name} ({share})"
