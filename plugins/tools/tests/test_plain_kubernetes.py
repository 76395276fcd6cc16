"""Plain Kubernetes objects: valid, and with the memory that the workers need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .manifests import COMPONENTS, manifest, settings, validate


@pytest.mark.parametrize("given", COMPONENTS)
@pytest.mark.parametrize("replicas", [("1", "1"), ("2", "4")])
def test_plain_objects_are_valid(folder: Path, given: list[str], replicas: tuple[str, str]) -> None:
    if "PERSISTENCE=redis" in given:
        replicas = ("1", "1")
    options = ["--min-replicas", replicas[0], "--max-replicas", replicas[1], "--secret", "PASSWORD=s/key"]
    things = manifest(folder, *settings(*given), *options)
    for thing in things:
        validate(thing)
    kinds = [thing["kind"] for thing in things]
    one = replicas == ("1", "1")
    scaled = [] if one else ["HorizontalPodAutoscaler", "PodDisruptionBudget"]
    assert kinds == ["Deployment", "Service", *scaled]
    assert things[0]["spec"].get("replicas") == (1 if one else None)


def test_a_transport_without_a_port_has_no_service(folder: Path) -> None:
    assert "Service" not in [thing["kind"] for thing in manifest(folder, *settings("API_TYPE=REDIS-STREAMS"))]
    assert "Service" in [thing["kind"] for thing in manifest(folder, *settings("API_TYPE="))]


@pytest.mark.parametrize(
    ("given", "memory"),
    [
        ([], "256Mi"),
        (["SELDON_WORKERS=4"], "1024Mi"),
        (["GUNICORN_WORKERS=2"], "512Mi"),
        (["SELDON_WORKERS=2", "SELDON_MAX_REQUESTS=1000"], "768Mi"),
    ],
)
def test_the_memory_follows_the_workers(folder: Path, given: list[str], memory: str) -> None:
    def limits(*words: str) -> Any:
        deployment = manifest(folder, *settings(*given), *words)[0]
        return deployment["spec"]["template"]["spec"]["containers"][0]["resources"]

    assert (limits()["limits"]["memory"], limits()["requests"]["memory"]) == (memory, memory)
    assert limits("--memory", "3Gi")["limits"]["memory"] == "3Gi"
