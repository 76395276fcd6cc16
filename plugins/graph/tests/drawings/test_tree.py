"""Drawings of a graph."""

from __future__ import annotations

from types import SimpleNamespace

from seldon_runtime_graph.drawings.tree import tree
from seldon_runtime_graph.spec.model import Node

LEAVES = (Node("b", ""), Node("x", "", None, ()))


def test_the_tree_shows_each_node_its_type_and_its_class():
    below = Node("t", "", None, ("TRANSFORM_INPUT", "ROUTE"), None, {}, LEAVES)
    root = Node("ab", "", None, None, "RANDOM_ABTEST", {}, (below, Node("c", "", "COMBINER")))
    predictor = SimpleNamespace(name="main", graph=root)
    graph = SimpleNamespace(predictor=predictor, runs=lambda node: f"pkg.{node.name.upper()}")
    assert tree(graph).splitlines() == [
        "predictor main",
        "└─ ab  RANDOM_ABTEST  pkg.AB",
        "   ├─ t  TRANSFORM_INPUT + ROUTE  pkg.T",
        "   │  ├─ b  MODEL  pkg.B",
        "   │  └─ x  no method  pkg.X",
        "   └─ c  COMBINER  pkg.C",
    ]
