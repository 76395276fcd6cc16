"""The drawing of a loaded graph for the terminal."""

from __future__ import annotations

from seldon_runtime_graph.drawings.kinds import kind_of
from seldon_runtime_graph.loading import LoadedGraph


def tree(graph: LoadedGraph) -> str:
    """Return the nodes of a loaded graph as a tree: name, type and class of each."""
    lines = [f"predictor {graph.predictor.name}"]
    waiting = [(graph.predictor.graph, "", True)]
    while waiting:
        node, indent, is_last = waiting.pop()
        kind = kind_of(node)
        runs = graph.runs(node)
        lines.append(f"{indent}{'└─' if is_last else '├─'} {node.name}  {kind}  {runs}")
        below = indent + ("   " if is_last else "│  ")
        children = [(child, below, child is node.children[-1]) for child in node.children]
        waiting.extend(reversed(children))
    return "\n".join(lines)
