"""Graphs in the language of Graphviz."""

from __future__ import annotations

from seldon_runtime_graph.drawings.dot import digraph
from seldon_runtime_graph.spec.model import Node, Predictor


def test_nodes_have_their_shapes_and_branches_their_numbers():
    root = Node("r", "", "ROUTER", None, None, {}, (Node("a", ""), Node("b", "", "COMBINER")))
    one, two = Predictor("main", "", root, traffic=100), Predictor("copy", "", Node("c", ""), shadow=True)
    assert digraph([one, two]).splitlines() == [
        "digraph {",
        '  node [shape=box, fontname="sans-serif"]',
        "  subgraph cluster_0 {",
        '    label="main (100 %)"',
        '    p0n0 [label="r\\nROUTER", shape=hexagon]',
        '    p0n1 [label="a\\nMODEL"]',
        '    p0n2 [label="b\\nCOMBINER", shape=trapezium]',
        '    p0n0 -> p0n1 [label="0"]',
        '    p0n0 -> p0n2 [label="1"]',
        "  }",
        "  subgraph cluster_1 {",
        '    label="copy (shadow)"',
        '    p1n0 [label="c\\nMODEL"]',
        "  }",
        "}",
    ]


def test_texts_of_the_file_cannot_draw():
    drawing = digraph([Predictor("a\nb", "", Node('x" -> y\\n\n', ""))])
    assert '    p0n0 [label="x\\" -> y\\\\n \\nMODEL"]' in drawing.splitlines()
