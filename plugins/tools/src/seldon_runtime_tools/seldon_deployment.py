"""Objects for the operator of Seldon Core v1."""

from __future__ import annotations

import click

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools.deployable import V2, Deployable, Object
from seldon_runtime_tools.plain_kubernetes import CPU_PERCENT

_PORTS = {"http": 9000, "grpc": 9500}
"""Ports at which the operator tells a container to listen."""
_OPERATORS = frozenset(
    {
        "PREDICTIVE_UNIT_SERVICE_PORT",
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT",
        "PREDICTIVE_UNIT_ID",
        "PREDICTIVE_UNIT_IMAGE",
        "PREDICTIVE_UNIT_PARAMETERS",
        "SELDON_DEPLOYMENT_ID",
        "PREDICTOR_ID",
        "PREDICTOR_LABELS",
    }
)
"""Variables that the operator sets."""
_PARENTS = (ServiceType.ROUTER, ServiceType.COMBINER)
"""The kinds that only work with children."""


def objects(component: Deployable) -> list[Object]:
    """Return one ``SeldonDeployment`` with one predictor: the component, and its children below it.

    Raises:
        click.ClickException: a router or combiner has no children, or it serves neither REST nor gRPC.
    """
    kind = component.service_type
    if kind in _PARENTS and not component.children:
        raise click.ClickException(
            f"a {kind.value} needs children in its graph: name each with its image, such as "
            "--child model-a=example/a:1 --child model-b=example/b:1"
        )
    ports = {name: port for name, port in _PORTS.items() if name in component.ports}
    if not ports:
        raise click.ClickException("the operator calls components over REST or gRPC; API_TYPE names neither")
    container = component.container(component.name, component.environment(without=_OPERATORS), ports)
    pod: Object = {"spec": component.pod(container)}
    pod["spec"]["containers"] += [
        {"name": name, "image": image} for name, image in component.children.items()
    ]
    predictor: Object = {"name": "default", "componentSpecs": [pod], "graph": _graph(component)}
    if component.keeps_state:
        predictor["replicas"] = 1
    elif component.max_replicas > component.min_replicas:
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT}}
        pod["hpaSpec"] = {
            "minReplicas": component.min_replicas,
            "maxReplicas": component.max_replicas,
            "metricsv2": [{"type": "Resource", "resource": cpu}],
        }
    else:
        predictor["replicas"] = component.min_replicas
    if not component.keeps_state and component.min_replicas > 1:
        pod["pdbSpec"] = {"maxUnavailable": 1}
    spec: Object = {"predictors": [predictor]}
    if "http" not in ports:
        spec["transport"] = "grpc"
    if component.protocols == [V2]:  # with both, clients of the v1 protocol stay
        spec["protocol"] = V2
    return [
        {
            "apiVersion": "machinelearning.seldon.io/v1",
            "kind": "SeldonDeployment",
            "metadata": {"name": component.name},
            "spec": spec,
        }
    ]


def _graph(component: Deployable) -> Object:
    kind = component.service_type
    if kind is ServiceType.OUTLIER_DETECTOR:  # not a type of graphs: it answers /transform-input
        kind = ServiceType.TRANSFORMER
    graph: Object = {"name": component.name, "type": kind.value, "parameters": component.parameters}
    if component.children:
        graph["children"] = [{"name": name, "type": ServiceType.MODEL.value} for name in component.children]
    return graph
