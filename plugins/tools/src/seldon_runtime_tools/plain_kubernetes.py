"""Objects for any cluster: Deployment, Service, autoscaler and disruption budget."""

from __future__ import annotations

from seldon_runtime_tools.deployable import Deployable, Object

CPU_PERCENT = 70
"""Target of the autoscaler, in percent of the requested CPU."""


def objects(component: Deployable) -> list[Object]:
    """Return the objects in the order of creation."""
    found = [_deployment(component)]
    if component.ports:
        found.append(_service(component))
    if not component.keeps_state and component.max_replicas > component.min_replicas:
        found.append(_autoscaler(component))
    if not component.keeps_state and component.min_replicas > 1:
        found.append(_disruption_budget(component))
    return found


def _object(component: Deployable, api: str, kind: str, spec: Object) -> Object:
    metadata = {"name": component.name, "labels": _labels(component)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def _labels(component: Deployable) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": component.name,
        "app.kubernetes.io/component": component.service_type.value.lower().replace("_", "-"),
        "app.kubernetes.io/managed-by": "seldon-component",
    }


def _selector(component: Deployable) -> dict[str, str]:
    return {"app.kubernetes.io/name": component.name}


def _deployment(component: Deployable) -> Object:
    identity = {
        "SELDON_DEPLOYMENT_ID": component.name,
        "PREDICTIVE_UNIT_ID": component.name,
        "PREDICTIVE_UNIT_IMAGE": component.image,
    }
    own = [
        {"name": name, "value": value} for name, value in identity.items() if name not in component.settings
    ]
    container = component.container(component.name, component.environment() + own, component.ports)
    container["ports"] = [{"name": name, "containerPort": port} for name, port in component.ports.items()]
    spec: Object = {
        "selector": {"matchLabels": _selector(component)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            "metadata": {"labels": _labels(component), **_scraped(component)},
            "spec": component.pod(container),
        },
    }
    if component.keeps_state:  # the old pod must save its state before the new one restores it
        spec |= {"replicas": 1, "strategy": {"type": "Recreate"}}
    elif component.max_replicas == component.min_replicas:  # else the autoscaler sets their number
        spec["replicas"] = component.min_replicas
    return _object(component, "apps/v1", "Deployment", spec)


def _scraped(component: Deployable) -> Object:
    if "metrics" not in component.ports:
        return {}
    place = {"scrape": "true", "port": str(component.ports["metrics"]), "path": component.metrics_path}
    if component.settings.get("SELDON_METRICS_TLS_CERT"):
        place["scheme"] = "https"
    return {"annotations": {f"prometheus.io/{name}": value for name, value in place.items()}}


def _service(component: Deployable) -> Object:
    ports = [{"name": name, "port": port, "targetPort": name} for name, port in component.ports.items()]
    return _object(component, "v1", "Service", {"selector": _selector(component), "ports": ports})


def _autoscaler(component: Deployable) -> Object:
    target = {"type": "Utilization", "averageUtilization": CPU_PERCENT}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": component.name},
        "minReplicas": component.min_replicas,
        "maxReplicas": component.max_replicas,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return _object(component, "autoscaling/v2", "HorizontalPodAutoscaler", spec)


def _disruption_budget(component: Deployable) -> Object:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(component)}}
    return _object(component, "policy/v1", "PodDisruptionBudget", spec)
