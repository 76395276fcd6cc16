"""Objects for KServe: the component as a custom predictor."""

from __future__ import annotations

import click

from seldon_runtime.plugin import ServiceType
from seldon_runtime_tools.deployable import V2, Deployable, Object
from seldon_runtime_tools.plain_kubernetes import CPU_PERCENT

_PORT = 8080
_PORTS = frozenset(
    {"PREDICTIVE_UNIT_SERVICE_PORT", "PREDICTIVE_UNIT_HTTP_SERVICE_PORT", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT"}
)

_PROTOCOL = "PROTOCOL"
"""The variable by which KServe knows the protocol of a custom predictor, which has no ``protocolVersion``."""
_MODEL_NAME = "SELDON_V2_MODEL_NAME"


def objects(component: Deployable) -> list[Object]:
    """Return one ``InferenceService``. It avoids Knative, which fixes the time that a pod has to end.

    Raises:
        click.ClickException: the component is not a MODEL, or serves neither REST nor gRPC.
    """
    if component.service_type is not ServiceType.MODEL:
        raise click.ClickException(
            f"SERVICE_TYPE must be MODEL for KServe; this is a {component.service_type.value}"
        )
    if not component.ports.keys() & {"http", "grpc"}:
        raise click.ClickException("KServe calls predictors over REST or gRPC; API_TYPE names neither")
    first = next(iter(component.ports))
    environment = component.environment(without=_PORTS)
    environment.append({"name": "PREDICTIVE_UNIT_SERVICE_PORT", "value": str(_PORT)})
    if V2 in component.protocols:
        environment.append({"name": _PROTOCOL, "value": V2})
        if _MODEL_NAME not in component.settings:  # KServe's paths have the name of the service
            environment.append({"name": _MODEL_NAME, "value": component.name})
    container = component.container("kserve-container", environment, {first: _PORT})
    port_name = "h2c" if first == "grpc" else "http1"
    container["ports"] = [{"name": port_name, "containerPort": _PORT, "protocol": "TCP"}]
    replicas = (1, 1) if component.keeps_state else (component.min_replicas, component.max_replicas)
    predictor = {
        "minReplicas": replicas[0],
        "maxReplicas": replicas[1],
        "scaleMetric": "cpu",
        "scaleTarget": CPU_PERCENT,
        **component.pod(container),
    }
    if component.keeps_state:
        predictor["deploymentStrategy"] = {"type": "Recreate"}
    annotations = {
        "serving.kserve.io/deploymentMode": "RawDeployment",
        "serving.kserve.io/autoscalerClass": "hpa",
        **_scraped(component),
    }
    return [
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": component.name, "annotations": annotations},
            "spec": {"predictor": predictor},
        }
    ]


def _scraped(component: Deployable) -> dict[str, str]:
    if "metrics" not in component.ports:
        return {}
    return {
        "serving.kserve.io/enable-prometheus-scraping": "true",
        "prometheus.kserve.io/port": str(component.ports["metrics"]),
        "prometheus.kserve.io/path": component.metrics_path,
    }
