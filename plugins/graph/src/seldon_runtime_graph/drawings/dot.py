"""Graphs in the language of Graphviz, for its many formats of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seldon_runtime_graph.drawings.kinds import heading_of, kind_of
from seldon_runtime_graph.spec.model import Predictor

_SHAPES = {"ROUTER": "hexagon", "RANDOM_ABTEST": "hexagon", "COMBINER": "trapezium"}


def digraph(predictors: Sequence[Predictor]) -> str:
    """Return a digraph of graphs: name and kind of each node, and numbered branches."""
    lines = ["digraph {", '  node [shape=box, fontname="sans-serif"]']
    for place, predictor in enumerate(predictors):
        title = predictor.name if len(predictors) == 1 else heading_of(predictor)
        lines.append(f"  subgraph cluster_{place} {{")
        lines.append(f"    label={_text(title)}")
        lines += [*_graph(predictor, f"p{place}n"), "  }"]
    return "\n".join([*lines, "}"])


def _graph(predictor: Predictor, prefix: str) -> Iterator[str]:
    nodes = list(predictor.graph.walk())
    ids = {node.name: f"{prefix}{number}" for number, node in enumerate(nodes)}
    for node in nodes:
        shape = _SHAPES.get(node.implementation or node.type or "")
        more = f", shape={shape}" if shape else ""
        yield f"    {ids[node.name]} [label={_text(node.name, kind_of(node))}{more}]"
    for node in nodes:
        for branch, child in enumerate(node.children):
            yield f'    {ids[node.name]} -> {ids[child.name]} [label="{branch}"]'


def _text(*lines: str) -> str:
    """Return lines as a quoted text of the language, in which a backslash begins an escape."""
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines]
    return '"' + "\\n".join(escaped) + '"'
