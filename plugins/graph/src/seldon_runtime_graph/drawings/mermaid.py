"""Graphs as Mermaid flowcharts, which GitHub and many editors draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seldon_runtime_graph.drawings.kinds import heading_of, kind_of
from seldon_runtime_graph.spec.model import Predictor

_SHAPES = {"ROUTER": ("{{", "}}"), "COMBINER": ("[/", "\\]"), "RANDOM_ABTEST": ("{{", "}}")}
_BOX = ("[", "]")


def flowchart(predictors: Sequence[Predictor]) -> str:
    """Return a flowchart of graphs: name and kind of each node, and numbered branches."""
    lines = ["flowchart TD"]
    if len(predictors) == 1:
        lines += [f"    %% predictor {_text(predictors[0].name)}", *_graph(predictors[0], "n")]
    else:
        for place, predictor in enumerate(predictors):
            lines.append(f'    subgraph p{place}["{_text(heading_of(predictor))}"]')
            lines += [*_graph(predictor, f"p{place}n"), "    end"]
    return "\n".join(lines)


def _graph(predictor: Predictor, prefix: str) -> Iterator[str]:
    nodes = list(predictor.graph.walk())
    ids = {node.name: f"{prefix}{number}" for number, node in enumerate(nodes)}
    for node in nodes:
        opening, closing = _SHAPES.get(node.implementation or node.type or "", _BOX)
        label = f"{_text(node.name)}<br/>{_text(kind_of(node))}"
        yield f'    {ids[node.name]}{opening}"{label}"{closing}'
    for node in nodes:
        for branch, child in enumerate(node.children):
            yield f"    {ids[node.name]} -->|{branch}| {ids[child.name]}"


def _text(text: str) -> str:
    """Return a text of the file without characters that mean something in Mermaid, or a line break."""
    return "".join(each if each.isalnum() or each in " _-.+" else f"#{ord(each)};" for each in text)
