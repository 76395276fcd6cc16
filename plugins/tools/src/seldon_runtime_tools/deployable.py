"""A component to deploy: the parts that all kinds of manifests share."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from seldon_runtime.plugin import ServiceType, StartupError, parse_parameters
from seldon_runtime_tools.deployment.names import check_image, check_name, check_quantity
from seldon_runtime_tools.deployment.probes import probes

DRAIN_DELAY_S = 5
"""Drain delay if no setting sets it: endpoints and load balancers need it to notice that a pod ends."""
GRACE_S = 20
"""Default of the runtime's SELDON_GRACE_S."""
PORT, METRICS_PORT, METRICS_ENDPOINT = 5000, 6000, "/metrics"
"""Defaults of the runtime for the first transport and the metrics page."""
_END_MARGIN_S = 10
"""Time beyond the grace period for the last save and the end of the workers."""
_TRANSPORTS = {
    "REST": ("http", "PREDICTIVE_UNIT_HTTP_SERVICE_PORT"),
    "GRPC": ("grpc", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT"),
}
"""Port name, and the variable of the port, of each transport that listens on one."""

V2 = "v2"
"""The Open Inference Protocol in SELDON_PROTOCOLS, and in KServe's and Seldon's objects."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployable:
    """Settings and size of a component.

    Attributes:
        name: name of all objects.
        settings: environment variables of ``seldon-run``.
        secrets: variable to ``(name of the Secret, key in it)``.
        min_replicas, max_replicas: range of the number of pods; a component with state has one pod.
        cpu, memory: requests as Kubernetes quantities; memory is also the limit.
        start_s: seconds that the component may take to load.
        children: name to image of each child in a graph.

    Raises:
        click.ClickException: a setting is invalid, or cannot work in a cluster.
    """

    name: str
    image: str
    settings: Mapping[str, str]
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    min_replicas: int = 2
    max_replicas: int = 5
    cpu: str = "250m"
    memory: str = "256Mi"
    start_s: int = 300
    children: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name, "--name")
        check_image(self.image, "--image")
        check_quantity(self.cpu, "--cpu")
        check_quantity(self.memory, "--memory")
        self._check_children()
        if self.settings.get("PERSISTENCE") == "file":
            raise click.ClickException(
                "PERSISTENCE=file keeps state in the pod and loses it with the pod; use PERSISTENCE=redis"
            )
        if self.max_replicas < self.min_replicas:
            raise click.ClickException(
                f"--max-replicas is {self.max_replicas}, less than --min-replicas ({self.min_replicas})"
            )
        self._check_settings()

    def _check_children(self) -> None:
        """Check that the children can stand beside the component in one pod."""
        for child, image in self.children.items():
            check_name(child, "--child")
            check_image(image, "--child")
        if self.name in self.children:
            raise click.ClickException(f"--child: {self.name} is the component itself; choose another name")

    def _check_settings(self) -> None:
        """Check the settings that the manifest is made of."""
        try:
            parse_parameters(self.settings.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))
        except StartupError as error:
            raise click.ClickException(str(error)) from error
        try:
            _ = self.service_type, self.ports, self.termination_s
        except ValueError as error:
            raise click.ClickException(f"a setting has a value that seldon-run refuses: {error}") from error

    @property
    def service_type(self) -> ServiceType:
        """Return SERVICE_TYPE; MODEL by default."""
        return ServiceType(self.settings.get("SERVICE_TYPE", ServiceType.MODEL.value).upper())

    @property
    def keeps_state(self) -> bool:
        """Return whether the component keeps state: then only one pod may run at a time."""
        return self.settings.get("PERSISTENCE", "0") != "0"

    @property
    def parameters(self) -> list[Object]:
        """Return name, value and type of each parameter of the constructor."""
        given = json.loads(self.settings.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))
        return [{"name": p["name"], "value": _text(p["value"]), "type": p["type"]} for p in given]

    @property
    def ports(self) -> dict[str, int]:
        """Return ports by name, ``http``, ``grpc`` and ``metrics``, in the order of API_TYPE."""
        first = int(self.settings.get("PREDICTIVE_UNIT_SERVICE_PORT", PORT))
        found: dict[str, int] = {}
        for place, api_type in enumerate((self.settings.get("API_TYPE") or "REST").upper().split(",")):
            if api_type.strip() in _TRANSPORTS:
                name, variable = _TRANSPORTS[api_type.strip()]
                found[name] = int(self.settings.get(variable, first + place))
        if self.settings.get("METRICS", "").lower() == "prometheus":
            found["metrics"] = int(self.settings.get("PREDICTIVE_UNIT_METRICS_SERVICE_PORT", METRICS_PORT))
        return found

    @property
    def other_transports(self) -> list[str]:
        """Return the names in API_TYPE whose ports are not known here: those of other plugins."""
        names = [name.strip() for name in self.settings.get("API_TYPE", "").upper().split(",")]
        return [name for name in names if name and name not in _TRANSPORTS]

    @property
    def protocols(self) -> list[str]:
        """Return the names in SELDON_PROTOCOLS; empty if the setting does not say."""
        return [name.strip().lower() for name in self.settings.get("SELDON_PROTOCOLS", "").split(",") if name]

    @property
    def metrics_path(self) -> str:
        """Return the path of the page with all metrics; it exists if ``ports`` has ``metrics``."""
        endpoint = self.settings.get("PREDICTIVE_UNIT_METRICS_ENDPOINT", METRICS_ENDPOINT)
        return f"{endpoint.rstrip('/')}/all"

    @property
    def termination_s(self) -> int:
        """Return the seconds that a pod needs after SIGTERM: drain delay, grace and the last save."""
        delay_s = float(self.settings.get("SELDON_DRAIN_DELAY_S", DRAIN_DELAY_S))
        grace_s = float(self.settings.get("SELDON_GRACE_S", GRACE_S))
        return math.ceil(delay_s + grace_s) + _END_MARGIN_S

    def environment(self, *, without: frozenset[str] = frozenset()) -> list[Object]:
        """Return the variables of the container, except those that the operator sets."""
        settings = {"SELDON_DRAIN_DELAY_S": str(DRAIN_DELAY_S), **self.settings}
        plain = [{"name": name, "value": value} for name, value in settings.items() if name not in without]
        secret = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": place, "key": key}}}
            for name, (place, key) in self.secrets.items()
        ]
        return plain + secret

    def container(self, name: str, environment: list[Object], ports: Mapping[str, int]) -> Object:
        """Return the container, without ports. It has no privileges and writes only to ``/tmp``."""
        return {
            "name": name,
            "image": self.image,
            "env": environment,
            "resources": {
                "requests": {"cpu": self.cpu, "memory": self.memory},
                "limits": {"memory": self.memory},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            },
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
            **probes(self.settings, ports, self.start_s),
        }

    def pod(self, container: Object) -> Object:
        """Return the specification of a pod with this container."""
        return {
            "terminationGracePeriodSeconds": self.termination_s,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        }


def _text(value: Any) -> str:
    """Return a parameter's value as text, which the operator's schema requires."""
    return value if isinstance(value, str) else json.dumps(value)
