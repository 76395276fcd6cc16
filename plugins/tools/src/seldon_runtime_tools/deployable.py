"""A component that is to run in a cluster: what every kind of manifest says of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from seldon_runtime.errors import StartupError
from seldon_runtime.identity import ServiceType
from seldon_runtime.options import options
from seldon_runtime.parameters import parse_parameters
from seldon_runtime.settings import DEFAULT_PORT

DRAIN_DELAY_S = 5
"""Unless the settings say otherwise: until endpoints and load balancers have noticed that a pod ends."""
_END_MARGIN_S = 10
"""What the runtime may take beyond its grace period, for the last save and the end of its workers."""
_METRICS_PORT, _METRICS_ENDPOINT = 6000, "/metrics"
_TRANSPORTS = {
    "REST": ("http", "PREDICTIVE_UNIT_HTTP_SERVICE_PORT"),
    "GRPC": ("grpc", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT"),
}
"""Name of the port, and the variable that sets it, of the transports that take requests at one."""
_PROBE_PERIOD_S = {"startupProbe": 2, "readinessProbe": 5, "livenessProbe": 10}

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployable:
    """Settings and size of a component.

    Attributes:
        name: of all objects.
        settings: environment variables of ``seldon-run``.
        secrets: variable to ``(name of the Secret, key in it)``.
        min_replicas, max_replicas: between which the number of pods is scaled; with state there is one.
        cpu, memory: Kubernetes quantities, requested; memory is a limit, too.
        start_s: how many seconds loading may take.
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

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", self.name):
            raise click.ClickException(
                f"{self.name!r} names no object in a cluster: expected small letters, digits, -; see --name"
            )
        if self.settings.get("PERSISTENCE") == "file":
            raise click.ClickException(
                "PERSISTENCE=file keeps state in a folder of the pod, which goes; use PERSISTENCE=redis"
            )
        if self.max_replicas < self.min_replicas:
            raise click.ClickException("--max-replicas is less than --min-replicas")
        self._check_settings()

    def _check_settings(self) -> None:
        """Those that the manifest is made of, before the cluster finds out."""
        try:
            parse_parameters(self.settings.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))
        except StartupError as error:
            raise click.ClickException(str(error)) from error
        try:
            _ = self.service_type, self.ports, self.termination_s
        except ValueError as error:
            raise click.ClickException(f"a setting has no value that seldon-run takes: {error}") from error

    @property
    def service_type(self) -> ServiceType:
        """MODEL when the settings name none."""
        return ServiceType(self.settings.get("SERVICE_TYPE", ServiceType.MODEL.value).upper())

    @property
    def keeps_state(self) -> bool:
        """Then there may be only one process at a time."""
        return self.settings.get("PERSISTENCE", "0") != "0"

    @property
    def parameters(self) -> list[Object]:
        """Of the constructor: name, value and type of each."""
        given = json.loads(self.settings.get("PREDICTIVE_UNIT_PARAMETERS", "[]"))
        return [{"name": p["name"], "value": _text(p["value"]), "type": p["type"]} for p in given]

    @property
    def ports(self) -> dict[str, int]:
        """By name: ``http``, ``grpc``, ``metrics``; the one that API_TYPE names first comes first."""
        first = int(self.settings.get("PREDICTIVE_UNIT_SERVICE_PORT", DEFAULT_PORT))
        found: dict[str, int] = {}
        for place, api_type in enumerate(self.settings.get("API_TYPE", "REST").upper().split(",")):
            if api_type.strip() in _TRANSPORTS:
                name, variable = _TRANSPORTS[api_type.strip()]
                found[name] = int(self.settings.get(variable, first + place))
        if self.settings.get("METRICS", "").lower() == "prometheus":
            found["metrics"] = int(self.settings.get("PREDICTIVE_UNIT_METRICS_SERVICE_PORT", _METRICS_PORT))
        return found

    @property
    def metrics_path(self) -> str:
        """Of the page with the component's metrics and the runtime's; a page if ``ports`` has ``metrics``."""
        endpoint = self.settings.get("PREDICTIVE_UNIT_METRICS_ENDPOINT", _METRICS_ENDPOINT)
        return f"{endpoint.rstrip('/')}/all"

    @property
    def termination_s(self) -> int:
        """How many seconds a pod must have from SIGTERM to its end: drain delay, grace and the last save."""
        return (
            math.ceil(self._seconds("SELDON_DRAIN_DELAY_S") + self._seconds("SELDON_GRACE_S")) + _END_MARGIN_S
        )

    def _seconds(self, variable: str) -> float:
        if variable == "SELDON_DRAIN_DELAY_S" and variable not in self.settings:
            return DRAIN_DELAY_S
        default = next(option.default for option in options() if option.envvar == variable)
        return float(self.settings.get(variable, str(default)))

    def environment(self, *, without: frozenset[str] = frozenset()) -> list[Object]:
        """The variables of the container, but for those that somebody else sets."""
        settings = {"SELDON_DRAIN_DELAY_S": str(DRAIN_DELAY_S), **self.settings}
        plain = [{"name": name, "value": value} for name, value in settings.items() if name not in without]
        secret = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": place, "key": key}}}
            for name, (place, key) in self.secrets.items()
        ]
        return plain + secret

    def probes(self, ports: Mapping[str, int]) -> dict[str, Object]:
        """Start-up, readiness and liveness over REST, else over gRPC; none for other transports."""
        if "http" in ports:
            paths = {
                name: "/health/live" if name == "livenessProbe" else "/health/ready"
                for name in _PROBE_PERIOD_S
            }
            actions = {
                name: {"httpGet": {"path": path, "port": ports["http"]}} for name, path in paths.items()
            }
        elif "grpc" in ports:
            actions = {name: {"grpc": {"port": ports["grpc"]}} for name in _PROBE_PERIOD_S}
            actions["livenessProbe"]["grpc"]["service"] = "live"
        else:
            return {}
        failures = {
            "startupProbe": math.ceil(self.start_s / _PROBE_PERIOD_S["startupProbe"]),
            "readinessProbe": 1,
        }
        return {
            name: {
                **action,
                "periodSeconds": _PROBE_PERIOD_S[name],
                "timeoutSeconds": 2,
                "failureThreshold": failures.get(name, 3),
            }
            for name, action in actions.items()
        }

    def container(self, name: str, environment: list[Object], ports: Mapping[str, int]) -> Object:
        """The container; it needs no privileges and writes to ``/tmp`` only. Its ports are not declared."""
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
            **self.probes(ports),
        }

    def pod(self, container: Object) -> Object:
        """The pod of a container."""
        return {
            "terminationGracePeriodSeconds": self.termination_s,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        }


def _text(value: Any) -> str:
    """A parameter's value as the operator's schema has it: a text."""
    return value if isinstance(value, str) else json.dumps(value)
