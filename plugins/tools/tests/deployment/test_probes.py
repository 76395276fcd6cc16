"""The probes of a container, over what the component serves."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime_tools.deployment.probes import probes

CERTIFICATES = {"SELDON_HTTP_TLS_CERT": "/tls/tls.crt", "SELDON_GRPC_TLS_CERT": "/tls/tls.crt"}
AUTHORITIES = {**CERTIFICATES, "SELDON_HTTP_TLS_CLIENT_CA": "/tls/ca.crt"}


@pytest.mark.parametrize(
    ("settings", "ports", "readiness", "liveness"),
    [
        (
            {},
            {"grpc": 5000, "http": 5001},
            {"httpGet": {"path": "/health/ready", "port": 5001}},
            {"httpGet": {"path": "/health/live", "port": 5001}},
        ),
        (
            {},
            {"grpc": 5000, "metrics": 6000},
            {"grpc": {"port": 5000}},
            {"grpc": {"port": 5000, "service": "live"}},
        ),
        (
            CERTIFICATES,
            {"http": 5000},
            {"httpGet": {"path": "/health/ready", "port": 5000, "scheme": "HTTPS"}},
            {"httpGet": {"path": "/health/live", "port": 5000, "scheme": "HTTPS"}},
        ),
        (AUTHORITIES, {"http": 5000}, {"tcpSocket": {"port": 5000}}, {"tcpSocket": {"port": 5000}}),
        (CERTIFICATES, {"grpc": 5000}, {"tcpSocket": {"port": 5000}}, {"tcpSocket": {"port": 5000}}),
    ],
    ids=["REST", "gRPC", "REST over TLS", "client certificates", "gRPC over TLS"],
)
def test_the_action_fits_what_kubernetes_can_do(
    settings: dict[str, str], ports: dict[str, int], readiness: Any, liveness: Any
) -> None:
    made = probes(settings, ports, start_s=300)
    for name, expected in (("readinessProbe", readiness), ("livenessProbe", liveness)):
        timing = ("periodSeconds", "timeoutSeconds", "failureThreshold")
        assert {key: value for key, value in made[name].items() if key not in timing} == expected


def test_another_transport_has_no_probes() -> None:
    assert probes({}, {"metrics": 6000}, start_s=300) == {}


def test_the_start_may_take_as_long_as_said() -> None:
    slow = probes({}, {"http": 5000}, start_s=601)["startupProbe"]
    assert slow["failureThreshold"] * slow["periodSeconds"] >= 601
