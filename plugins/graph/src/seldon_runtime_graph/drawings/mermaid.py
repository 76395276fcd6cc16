"""Graphs as Mermaid flowcharts, which GitHub and many editors draw."""

from __future__ import annotations

from seldon_runtime_graph.spec.model import Node, Predictor

_SHAPES = {"ROUTER": ("{{", "}}"), "COMBINER": ("[/", "\\]"), "RANDOM_ABTEST": ("{{", "}}")}
_BOX = ("[", "]")


def flowchart(predictor: Predictor) -> str:
    """Return a flowchart of a predictor's graph: name and kind of each node, and numbered branches."""
    nodes = list(predictor.graph.walk())
    ids = {node.name: f"n{number}" for number, node in enumerate(nodes)}
    lines = ["flowchart TD", f"    %% predictor {_text(predictor.name)}"]
    for node in nodes:
        opening, closing = _SHAPES.get(node.implementation or node.type or "", _BOX)
        label = f"{_text(node.name)}<br/>{_text(kind_of(node))}"
        lines.append(f'    {ids[node.name]}{opening}"{label}"{closing}')
    for node in nodes:
        for branch, child in enumerate(node.children):
            lines.append(f"    {ids[node.name]} -->|{branch}| {ids[child.name]}")
    return "\n".join(lines)


def kind_of(node: Node) -> str:
    """Return the words for what a node does."""
    words = ("MODEL",) if node.methods is None else node.methods
    return node.implementation or node.type or " + ".join(words) or "no method"


def _text(text: str) -> str:
    """Return a text of the file without characters that mean something in Mermaid, or a line break."""
    return "".join(each if each.isalnum() or each in " _-.+" else f"#{ord(each)};" for each in text)
