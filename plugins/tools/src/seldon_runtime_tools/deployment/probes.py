"""The probes of a container: Kubernetes asks REST, else gRPC; else it connects to the port."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_PERIOD_S = {"startupProbe": 2, "readinessProbe": 5, "livenessProbe": 10}


def probes(settings: Mapping[str, str], ports: Mapping[str, int], start_s: int) -> dict[str, dict[str, Any]]:
    """Return start-up, readiness and liveness probes; none without a REST or a gRPC port.

    Kubernetes can present no client certificate, and cannot ask gRPC over TLS. There it connects only.

    Args:
        settings: environment variables of ``seldon-run``.
        ports: the ports of the container, by name.
        start_s: seconds that the component may take to load.
    """
    if "http" in ports:
        actions = {name: _http(settings, ports["http"], name) for name in _PERIOD_S}
    elif "grpc" in ports:
        actions = {name: _grpc(settings, ports["grpc"], name) for name in _PERIOD_S}
    else:
        return {}
    failures = {"startupProbe": math.ceil(start_s / _PERIOD_S["startupProbe"]), "readinessProbe": 1}
    return {
        name: {
            **action,
            "periodSeconds": _PERIOD_S[name],
            "timeoutSeconds": 2,
            "failureThreshold": failures.get(name, 3),
        }
        for name, action in actions.items()
    }


def _http(settings: Mapping[str, str], port: int, name: str) -> dict[str, Any]:
    if settings.get("SELDON_HTTP_TLS_CLIENT_CA"):
        return {"tcpSocket": {"port": port}}
    path = "/health/live" if name == "livenessProbe" else "/health/ready"
    scheme = {"scheme": "HTTPS"} if settings.get("SELDON_HTTP_TLS_CERT") else {}
    return {"httpGet": {"path": path, "port": port, **scheme}}


def _grpc(settings: Mapping[str, str], port: int, name: str) -> dict[str, Any]:
    if settings.get("SELDON_GRPC_TLS_CERT"):
        return {"tcpSocket": {"port": port}}
    service = {"service": "live"} if name == "livenessProbe" else {}
    return {"grpc": {"port": port, **service}}
