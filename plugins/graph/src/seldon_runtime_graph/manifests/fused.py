"""The Kubernetes objects of a graph that one process serves: a Deployment, a Service and an autoscaler."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.manifests.resources import total
from seldon_runtime_graph.manifests.source import learning_routers, node_containers, source_of
from seldon_runtime_graph.resolve import parse_references
from seldon_runtime_graph.spec.document import deployment_of
from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Predictor

_FIRST_PORT = 5000
_LONGEST_NAME = 63
_PORT_NAMES = {"REST": "http", "GRPC": "grpc"}
API_TYPES = ("REST", "GRPC", "REST,GRPC")
_UTILIZATION = 80
_CPU = "250m"
"""The request of a graph whose file has none: without one the autoscaler has nothing to compare with."""
_DRAIN_DELAY_S = 5
"""Seconds in which a Service notices that a pod ends."""
_TERMINATION_S = 35
"""Seconds that a pod has to end: the delay, the grace period of 20 s, and the last save of state."""
_START_S, _PERIOD_S = 300, 5


def objects_of(
    file: Path,
    predictor: Predictor,
    image: str,
    references: Sequence[str] = (),
    api_type: str = API_TYPES[0],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the objects of a predictor, and remarks for the reader.

    The requests and limits of its nodes are added up, since one process runs all of them. It has one replica
    if a router of the graph learns, or may learn, because each replica would learn from its own calls only.

    Args:
        file: the file of the deployment.
        predictor: the predictor of the file.
        image: the image with the file and the classes of the nodes.
        references: the classes of nodes, as ``NODE=CLASS``.
        api_type: the transports, one of :data:`API_TYPES`.

    Raises:
        StartupError: a quantity of the file cannot be read, or two nodes want different things of one name.
    """
    document = deployment_of(file)
    called = f"{document.object('metadata').text('name') or 'graph'}-{predictor.name}"
    name = _name_of(called)
    source = source_of(document, predictor)
    classes = parse_references(references, [node.name for node in predictor.graph.walk()])
    routers = learning_routers(predictor, classes, file.parent)
    least, most = (1, 1) if routers else _replicas(source)
    labels = {"app.kubernetes.io/name": name}
    containers = node_containers(source, predictor)
    words = ["seldon-run", file.name, api_type, "--predictor", predictor.name]
    for reference in references:
        words += ["--component", reference]
    numbers = {_PORT_NAMES[each]: _FIRST_PORT + place for place, each in enumerate(api_type.split(","))}
    pod = _pod(containers, image, words, numbers)
    specs = [each.object("spec") for each in source.objects("componentSpecs")]
    if volumes := _merged((volume for each in specs for volume in each.objects("volumes")), "name"):
        pod["volumes"] = volumes
    remarks = (
        []
        if name == called
        else [f"the objects are called {name}, since {called!r} cannot be a name in a cluster"]
    )
    if routers:
        remarks.append(_learns(routers))
    requests = pod["containers"][0]["resources"].setdefault("requests", {})
    if most > least and "cpu" not in requests:
        requests["cpu"] = _CPU
        remarks.append(f"the file has no CPU requests, which the autoscaler needs: {_CPU} is a guess")
    spec: dict[str, Any] = {"selector": {"matchLabels": labels}}
    if most == least:  # else the autoscaler sets their number
        spec["replicas"] = least
    if routers:  # two pods at a time would each learn from a part of the feedback
        spec["strategy"] = {"type": "Recreate"}
    spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
    ports = [{"name": port, "port": number, "targetPort": port} for port, number in numbers.items()]
    objects = [
        _object("apps/v1", "Deployment", name, spec),
        _object("v1", "Service", name, {"selector": labels, "ports": ports}),
    ]
    if most > least:
        objects.append(_autoscaler(name, least, most))
    return objects, remarks


def _name_of(text: str) -> str:
    """Return a name that all objects may have: a DNS label that begins with a letter (RFC 1035)."""
    name = re.sub("[^a-z0-9-]", "-", text.lower()).strip("-")
    if not name[:1].isalpha():
        name = f"graph-{name}"
    return name[:_LONGEST_NAME].strip("-")


def _learns(routers: list[str]) -> str:
    return (
        f"one replica, since {', '.join(routers)} may learn from feedback, and replicas share no state. "
        "Raise it if they do not learn"
    )


def _pod(
    containers: Sequence[Members], image: str, words: list[str], ports: Mapping[str, int]
) -> dict[str, Any]:
    """Return the pod, without volumes. It has no privileges."""
    if "http" in ports:
        ready: dict[str, Any] = {"httpGet": {"path": "/health/ready", "port": "http"}}
        live: dict[str, Any] = {"httpGet": {"path": "/health/live", "port": "http"}}
    else:  # Kubernetes takes no name of a port here
        ready = {"grpc": {"port": ports["grpc"]}}
        live = {"grpc": {"port": ports["grpc"], "service": "live"}}
    probe = {**ready, "periodSeconds": _PERIOD_S}
    delay = {"name": "SELDON_DRAIN_DELAY_S", "value": str(_DRAIN_DELAY_S)}
    container: dict[str, Any] = {
        "name": "graph",
        "image": image,
        "args": words,
        "env": [delay, *_cluster_variables(containers)],
        "ports": [{"name": port, "containerPort": number} for port, number in ports.items()],
        "startupProbe": {**probe, "failureThreshold": _START_S // _PERIOD_S},
        "readinessProbe": {**probe, "failureThreshold": 1},
        "livenessProbe": {**live, "periodSeconds": 2 * _PERIOD_S},
        "resources": total(containers),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if sources := _distinct(each for one in containers for each in one.list("envFrom")):
        container["envFrom"] = sources
    if mounts := _merged((mount for one in containers for mount in one.objects("volumeMounts")), "mountPath"):
        container["volumeMounts"] = mounts
    return {"terminationGracePeriodSeconds": _TERMINATION_S, "containers": [container]}


def _cluster_variables(containers: Sequence[Members]) -> list[Any]:
    """Return the variables whose values are in the cluster; the process reads the others from the file."""
    variables = (each for one in containers for each in one.objects("env"))
    return _merged((each for each in variables if each.value("valueFrom") is not None), "name")


def _merged(objects: Iterable[Members], by: str) -> list[Any]:
    """Return objects of several containers, each once.

    Raises:
        StartupError: two of one name differ.
    """
    found: dict[str, Members] = {}
    for each in objects:
        name = each.required(by)
        before = found.setdefault(name, each)
        if before.all != each.all:
            raise StartupError(
                f"{before.path} and {each.path} differ, and one container has one {by} {name!r}"
            )
    return [each.all for each in found.values()]


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _object(version: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"app.kubernetes.io/name": name}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _autoscaler(name: str, least: int, most: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": _UTILIZATION}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", name, spec)


def _replicas(source: Members) -> tuple[int, int]:
    """Return the least and the most replicas: the largest that the predictor and its parts ask for."""
    scales = [each.object("hpaSpec") for each in source.objects("componentSpecs")]
    plain = source.whole("replicas") or 1
    least = max(plain, *(each.whole("minReplicas") or 1 for each in scales), 1)
    return least, max(least, *(each.whole("maxReplicas") or 1 for each in scales), 1)
