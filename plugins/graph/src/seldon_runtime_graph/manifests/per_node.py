"""The SeldonDeployment of a graph with an image for each node, for the operator of Seldon Core v1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.manifests.source import routes
from seldon_runtime_graph.resolve import parse_references, resolve
from seldon_runtime_graph.spec.document import KIND, VERSIONS, deployment_of
from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Deployment, Node, Predictor
from seldon_runtime_graph.spec.nodes import BUILT_IN, MODEL_SERVERS, RANDOM_ABTEST

_ROUTING = "SELDON_ENABLE_ROUTING_INJECTION"
Object = dict[str, Any]


def objects_of(
    file: Path, deployment: Deployment, image: str, references: Sequence[str] = ()
) -> tuple[list[Object], list[str]]:
    """Return the deployment with a container for each node that has a class, and remarks for the reader.

    The rest of the file stays as it is. Containers of the file keep their image and their variables.

    Args:
        file: the file of the deployment.
        deployment: the deployment of the file.
        image: the image of nodes without one in the file. MODEL_NAME tells it its class.
        references: the classes of nodes, as ``NODE=CLASS``.

    Raises:
        StartupError: a node has neither a class nor an image.
    """
    given: Object = deepcopy(dict(deployment_of(file).all))
    nodes = [node for predictor in deployment.predictors for node in predictor.graph.walk()]
    classes = parse_references(references, dict.fromkeys(node.name for node in nodes))
    spec = Members(given, "").object("spec")
    for predictor, source in zip(deployment.predictors, spec.objects("predictors"), strict=True):
        _complete(predictor, _dict_of(source), image, classes, file.parent)
    remarks = [
        f"{node.name}: the executor of Seldon Core has no {node.implementation} and passes messages on"
        for node in nodes
        if node.implementation in BUILT_IN and node.implementation != RANDOM_ABTEST
    ]
    return [{"apiVersion": VERSIONS[0], "kind": KIND, **given}], remarks


def _dict_of(members: Members) -> Object:
    """Return the object of the file itself, to change it."""
    assert isinstance(members.all, dict)
    return members.all


def _complete(
    predictor: Predictor, source: Object, image: str, classes: Mapping[str, str], folder: Path
) -> None:
    """Add what is missing to a predictor: containers, classes, and the routing that feedback needs."""
    present = {
        each.get("name"): each
        for spec in source.get("componentSpecs") or ()
        for each in (spec.get("spec") or {}).get("containers") or ()
    }
    missing: list[Object] = []
    for node in predictor.graph.walk():
        if not _needs_container(node, classes):
            continue
        container = present.get(node.name)
        if container is None:
            container = {"name": node.name, "image": image}
            missing.append(container)
        container.setdefault("image", image)
        if node.name in classes or not predictor.containers.get(node.name):
            _name_class(container, predictor, node, classes, folder)
    if missing:
        source.setdefault("componentSpecs", []).append({"spec": {"containers": missing}})
    if any(routes(node) for node in predictor.graph.walk()):
        variables = source.setdefault("svcOrchSpec", {}).setdefault("env", [])
        if not any(each.get("name") == _ROUTING for each in variables):
            variables.append({"name": _ROUTING, "value": "true"})


def _needs_container(node: Node, classes: Mapping[str, str]) -> bool:
    if node.name in classes:
        return True
    return node.implementation not in (*BUILT_IN, *MODEL_SERVERS) and node.endpoint is None


def _name_class(
    container: Object, predictor: Predictor, node: Node, classes: Mapping[str, str], folder: Path
) -> None:
    """Set the variables by which an image of this runtime finds its class."""
    if node.name not in classes:
        raise StartupError(
            f"{node.path} (node {node.name!r}) has no container and no class: name one with "
            f"--component {node.name}=CLASS"
        )
    kind = next(each for each in resolve(predictor, classes, folder) if each.node is node).service_type
    wanted = {"MODEL_NAME": classes[node.name], "SERVICE_TYPE": kind.value}
    kept = [each for each in container.get("env") or () if each.get("name") not in wanted]
    container["env"] = [*({"name": name, "value": value} for name, value in wanted.items()), *kept]
