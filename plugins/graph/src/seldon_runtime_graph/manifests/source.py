"""The parts of the file that a manifest takes over as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from seldon_runtime.plugin import methods_in_source
from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Node, Predictor
from seldon_runtime_graph.spec.nodes import BUILT_IN, RANDOM_ABTEST

_FEEDBACK = {"send_feedback", "send_feedback_raw", "send_feedback_rest", "send_feedback_grpc"}


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
    return node.implementation == RANDOM_ABTEST or is_router(node)


def is_router(node: Node) -> bool:
    """Return whether a node is a router with a class."""
    chooses = node.type == "ROUTER" or "ROUTE" in (node.methods or ())
    return chooses and node.implementation not in BUILT_IN


def learning_routers(predictor: Predictor, references: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of the routers that feedback may teach: those whose source does not say otherwise.

    Args:
        predictor: the predictor.
        references: classes that the command names, by node.
        folder: the folder of the file.
    """
    found = []
    for node in filter(is_router, predictor.graph.walk()):
        container = predictor.containers.get(node.name)
        reference = references.get(node.name) or (container.env.get("MODEL_NAME") if container else None)
        methods = methods_in_source(folder, reference) if reference else None
        if methods is None or methods & _FEEDBACK:
            found.append(node.name)
    return found
