"""Mermaid flowcharts."""

from __future__ import annotations

from seldon_runtime_graph.drawings.mermaid import flowchart
from seldon_runtime_graph.spec.model import Node, Predictor


def test_nodes_have_their_shapes_and_branches_their_numbers():
    both = Node("both", "", "COMBINER", None, None, {}, (Node("a", ""), Node("b", "", None, ("ROUTE",))))
    root = Node("r", "", "ROUTER", None, None, {}, (both, Node("c", "", None, ())))
    assert flowchart([Predictor("main", "", root)]).splitlines() == [
        "flowchart TD",
        "    %% predictor main",
        '    n0{{"r<br/>ROUTER"}}',
        '    n1[/"both<br/>COMBINER"\\]',
        '    n2["a<br/>MODEL"]',
        '    n3["b<br/>ROUTE"]',
        '    n4["c<br/>no method"]',
        "    n0 -->|0| n1",
        "    n0 -->|1| n4",
        "    n1 -->|0| n2",
        "    n1 -->|1| n3",
    ]


def test_several_predictors_are_parts_of_one_flowchart():
    one, two = (
        Predictor("main", "", Node("a", ""), traffic=100),
        Predictor("copy", "", Node("a", ""), shadow=True),
    )
    assert flowchart([one, two]).splitlines() == [
        "flowchart TD",
        '    subgraph p0["main #40;100 #37;#41;"]',
        '    p0n0["a<br/>MODEL"]',
        "    end",
        '    subgraph p1["copy #40;shadow#41;"]',
        '    p1n0["a<br/>MODEL"]',
        "    end",
    ]


def test_texts_of_the_file_cannot_draw():
    drawing = flowchart([Predictor("a\nb", "", Node('x"] --> y\n<script>', ""))])
    assert drawing.splitlines()[2] == '    n0["x#34;#93; --#62; y#10;#60;script#62;<br/>MODEL"]'
    assert len(drawing.splitlines()) == 3
