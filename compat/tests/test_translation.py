"""Arguments of ``seldon-core-microservice`` as those of ``seldon-run``."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_core.microservice import translated


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ["Model", "REST,GRPC", "--http-port=9000", "--grpc-port=5000"]),
        ({"http_port": 1, "grpc_port": 2}, ["Model", "REST,GRPC", "--http-port=1", "--grpc-port=2"]),
        ({"grpc_workers": 0}, ["Model", "REST", "--http-port=9000"]),
        ({"grpc_workers": 3}, ["Model", "REST,GRPC", "--http-port=9000", "--grpc-port=5000", "--workers=3"]),
        (
            {"grpc_workers": 3, "workers": 2},
            ["Model", "REST,GRPC", "--http-port=9000", "--grpc-port=5000", "--workers=2"],
        ),
        ({"api_type": "REST"}, ["Model", "REST"]),
        ({"api_type": "REST", "http_port": 1, "grpc_port": 2}, ["Model", "REST", "--http-port=1"]),
        ({"api_type": "GRPC", "http_port": 1, "grpc_port": 2}, ["Model", "GRPC", "--grpc-port=2"]),
        ({"api_type": "REST", "grpc_threads": 4}, ["Model", "REST"]),
        ({"api_type": "GRPC", "grpc_threads": 4}, ["Model", "GRPC", "--grpc-threads=4"]),
        ({"api_type": "REST", "keepalive": 0}, ["Model", "REST", "--http-keep-alive=1"]),
        ({"api_type": "REST", "debug": True}, ["Model", "REST", "--log-level=DEBUG"]),
        ({"api_type": "REST", "debug": True, "log_level": "ERROR"}, ["Model", "REST", "--log-level=ERROR"]),
        (
            {"api_type": "REST", "single_threaded": True, "workers": 4, "threads": 4},
            ["Model", "REST", "--workers=1", "--threads=1"],
        ),
        (
            {"api_type": "REST", "persistence": "1", "parameters": "[]", "service_type": "ROUTER"},
            ["Model", "REST", "--service-type=ROUTER", "--persistence=1", "--parameters=[]"],
        ),
    ],
)
def test_arguments_become_those_of_seldon_run(given: dict[str, Any], words: list[str]) -> None:
    assert translated(interface_name="Model", **given) == words
