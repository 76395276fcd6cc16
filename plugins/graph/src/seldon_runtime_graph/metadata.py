"""The metadata document of a graph: those of its nodes, and the inputs and outputs of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime.plugin import SeldonError
from seldon_runtime_graph.loading import LoadedGraph, node_named
from seldon_runtime_graph.walk.plan import PlannedNode

Document = Mapping[str, Any]


def describe(graph: LoadedGraph) -> dict[str, Any] | SeldonError:
    """Return the graph's document, or the error of the first node whose metadata are invalid.

    It has ``name``, ``models`` by node, ``graphinputs`` and ``graphoutputs``. The members of a component's
    document, for protocols that know no graphs, are those of the graph as a whole.
    """
    models: dict[str, Document] = {}
    for name, node in graph.nodes.items():
        if isinstance(node.metadata, SeldonError):
            return node.metadata
        if node.unit is not None:
            models[name] = node.metadata
    inputs, outputs = _ends(graph.root, models)
    first = next(iter(models.values()), {})
    return {
        "name": graph.predictor.name,
        "models": models,
        "graphinputs": inputs,
        "graphoutputs": outputs,
        "versions": first.get("versions", []),
        "platform": "seldon-graph",
        "inputs": inputs,
        "outputs": outputs,
        "custom": {},
    }


def document_of(graphs: Sequence[LoadedGraph], name: str) -> Document:
    """Return the document of a node.

    Raises:
        SeldonError: NOT_FOUND, or the node's document is invalid.
    """
    document = node_named(graphs, name).metadata
    if isinstance(document, SeldonError):
        raise document.with_traceback(None)  # the traceback would grow with every request
    return document


def _ends(root: PlannedNode, models: Mapping[str, Document]) -> tuple[Any, Any]:
    """Return the inputs of the first component that a request reaches, and the outputs of the last one."""
    node = root
    while node.children and (node.first is None or node.name not in models):
        node = node.children[0]
    inputs = models.get(node.name, {}).get("inputs", [])
    node = root
    while node.children and not (_answers_last(node) and node.name in models):
        node = node.children[0]
    return inputs, models.get(node.name, {}).get("outputs", [])


def _answers_last(node: PlannedNode) -> bool:
    return node.transforms_output or node.aggregates
