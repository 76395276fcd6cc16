"""The Kubernetes objects of a graph that one process serves: a Deployment, a Service and an autoscaler."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.document import deployment_of
from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Node, Predictor

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_TIMES = {None: Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6)}
_TIMES |= {"G": Decimal(10**9), "T": Decimal(10**12)}
_TIMES |= {f"{letter}i": Decimal(1024**power) for power, letter in enumerate("KMGT", 1)}
_PORT = 5000
_UTILIZATION = 80
_MEBI = 1024**2


def objects_of(file: Path, predictor: Predictor, image: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the objects of a predictor, and remarks for the reader.

    The requests and limits of its nodes are added up, since one process runs all of them. It has one replica
    if a router of the graph may learn, because each replica would learn from its own calls only.

    Args:
        file: the file of the deployment.
        predictor: the predictor of the file.
        image: the image with the file and the classes of the nodes.

    Raises:
        StartupError: a quantity of the file cannot be read.
    """
    document = deployment_of(file)
    name = f"{document.object('metadata').text('name') or 'graph'}-{predictor.name}"
    source = next(
        each for each in document.object("spec").objects("predictors") if each.path == predictor.path
    )
    routers = [node.name for node in predictor.graph.walk() if _may_learn(node)]
    remarks = [_learns(routers)] if routers else []
    most = 1 if routers else max(_whole(source, "replicas"), *_maxima(source))
    least = 1 if routers else min(most, _whole(source, "replicas"))
    labels = {"app": name}
    container = {
        "name": "graph",
        "image": image,
        "args": ["seldon-run", file.name, "REST", "--predictor", predictor.name],
        "ports": [{"name": "http", "containerPort": _PORT}],
        "readinessProbe": {"httpGet": {"path": "/health/ready", "port": "http"}},
        "livenessProbe": {"httpGet": {"path": "/health/live", "port": "http"}},
        "resources": _resources(source, {node.name for node in predictor.graph.walk()}),
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": least, "selector": {"matchLabels": labels}, "template": template}
    service = {"selector": labels, "ports": [{"name": "http", "port": 8000, "targetPort": "http"}]}
    objects = [
        _object("apps/v1", "Deployment", name, spec),
        _object("v1", "Service", name, service),
    ]
    if most > least:
        objects.append(_autoscaler(name, least, most))
    return objects, remarks


def _may_learn(node: Node) -> bool:
    routes = node.type == "ROUTER" or "ROUTE" in (node.methods or ())
    return routes and node.implementation is None


def _learns(routers: list[str]) -> str:
    return (
        f"one replica, since {', '.join(routers)} may learn from feedback, and replicas share no state. "
        "Raise it if the router does not learn"
    )


def _object(version: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def _autoscaler(name: str, least: int, most: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": _UTILIZATION}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", name, spec)


def _whole(members: Members, key: str) -> int:
    return max(1, members.whole(key) or 1)


def _maxima(predictor: Members) -> Iterable[int]:
    """Return the largest numbers of replicas that the parts of a predictor may have."""
    return [
        1,
        *(_whole(each.object("hpaSpec"), "maxReplicas") for each in predictor.objects("componentSpecs")),
    ]


def _resources(predictor: Members, names: set[str]) -> dict[str, dict[str, str]]:
    """Return requests and limits; a limit only if every node has one."""
    containers = [each for each in _containers(predictor) if each.text("name") in names]
    found: dict[str, dict[str, str]] = {}
    for kind in ("requests", "limits"):
        for resource, write in (("cpu", _cores), ("memory", _bytes)):
            each = [_quantity(one.object("resources").object(kind), resource) for one in containers]
            given = [quantity for quantity in each if quantity is not None]
            if given and (kind == "requests" or len(given) == len(each)):
                found.setdefault(kind, {})[resource] = write(sum(given, Decimal(0)))
    return found


def _containers(predictor: Members) -> Iterator[Members]:
    for each in predictor.objects("componentSpecs"):
        yield from each.object("spec").objects("containers")


def _quantity(members: Members, key: str) -> Decimal | None:
    value = members.value(key)
    if value is None:
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        raise StartupError(f"{members.path}.{key} is {value!r:.40}, expected a quantity such as 500m or 1Gi")
    return Decimal(match[1]) * _TIMES[match[2]]


def _cores(cores: Decimal) -> str:
    return f"{int((cores * 1000).to_integral_value())}m"


def _bytes(count: Decimal) -> str:
    return f"{-(-int(count) // _MEBI)}Mi"
