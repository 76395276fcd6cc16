"""Manifests in line with the component's settings, whatever their kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from seldon_runtime_tools.manifest import object_name

from .manifests import manifest, run, settings


@pytest.mark.parametrize(
    ("protocols", "seldon", "kserve"),
    [
        ([], None, None),
        (["SELDON_PROTOCOLS=v1"], None, None),
        (["SELDON_PROTOCOLS=v2"], "v2", "v2"),
        (["SELDON_PROTOCOLS=V1, v2"], None, "v2"),
    ],
)
def test_the_objects_name_the_open_inference_protocol(
    folder: Path, protocols: list[str], seldon: str | None, kserve: str | None
) -> None:
    (deployment,) = manifest(folder, "--kind", "seldon", *settings(*protocols))
    assert deployment["spec"].get("protocol") == seldon
    (service,) = manifest(folder, "--kind", "kserve", "--name", "iris", *settings(*protocols))
    (container,) = service["spec"]["predictor"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment.get("PROTOCOL") == kserve
    assert environment.get("SELDON_V2_MODEL_NAME") == (kserve and "iris")


def test_prometheus_is_told_of_the_page_with_all_metrics(folder: Path) -> None:
    def pod(*given: str) -> Any:
        return manifest(folder, *settings(*given))[0]["spec"]["template"]["metadata"]

    assert pod("METRICS=prometheus")["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "6000",
        "prometheus.io/path": "/metrics/all",
    }
    moved = ["PREDICTIVE_UNIT_METRICS_SERVICE_PORT=1", "PREDICTIVE_UNIT_METRICS_ENDPOINT=/m/"]
    assert pod("METRICS=prometheus", *moved)["annotations"]["prometheus.io/path"] == "/m/all"
    assert "annotations" not in pod("METRICS=0")
    (kserve,) = manifest(folder, "--kind", "kserve", *settings("METRICS=prometheus", *moved))
    told = kserve["metadata"]["annotations"]
    assert told["serving.kserve.io/enable-prometheus-scraping"] == "true"
    assert (told["prometheus.kserve.io/port"], told["prometheus.kserve.io/path"]) == ("1", "/m/all")


def test_a_pod_has_the_time_to_end_that_the_runtime_takes(folder: Path) -> None:
    deployment = manifest(folder)[0]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 5 + 20 + 10
    deployment = manifest(folder, *settings("SELDON_GRACE_S=90.5", "SELDON_DRAIN_DELAY_S=0"))[0]
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 91 + 10


def test_probes_and_scrapes_use_tls(folder: Path) -> None:
    tls = settings("SELDON_HTTP_TLS_CERT=/tls/tls.crt", "SELDON_METRICS_TLS_CERT=/tls/tls.crt")
    pod = manifest(folder, *settings("METRICS=prometheus"), *tls)[0]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    assert pod["metadata"]["annotations"]["prometheus.io/scheme"] == "https"


def test_state_has_one_pod_which_ends_before_the_next_one_starts(folder: Path) -> None:
    (deployment, _) = manifest(folder, *settings("PERSISTENCE=1"))
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    (seldon,) = manifest(folder, "--kind", "seldon", *settings("PERSISTENCE=1"))
    assert seldon["spec"]["predictors"][0]["replicas"] == 1
    (kserve,) = manifest(folder, "--kind", "kserve", *settings("PERSISTENCE=1"))
    assert kserve["spec"]["predictor"]["maxReplicas"] == 1


def test_one_pod_may_be_asked_for_with_state(folder: Path) -> None:
    one = ("--min-replicas", "1", "--max-replicas", "1")
    assert manifest(folder, *settings("PERSISTENCE=1"), *one)[0]["spec"]["replicas"] == 1


@pytest.mark.parametrize("api_type", ["NOPE", "nope", "REST, NOPE"])
def test_a_transport_whose_ports_are_unknown_is_named(folder: Path, api_type: str) -> None:
    done = run(folder, *settings(f"API_TYPE={api_type}"))
    assert done.exit_code == 0
    for told in done.stdout, done.stderr:
        assert "# API_TYPE names NOPE: only the ports of REST and GRPC are known here" in told
    assert "API_TYPE names" not in run(folder, *settings("API_TYPE=REST,grpc")).output


@pytest.mark.parametrize(
    ("reference", "name"),
    [("FraudModel", "fraud-model"), ("pkg.mod:Iris2Net", "iris2-net"), ("path/my_model.py", "my-model")],
)
def test_objects_are_named_after_the_class(reference: str, name: str) -> None:
    assert object_name(reference) == name


LEARNING = """
class Base:
    def send_feedback(self, features, names, reward, truth, routing=None): ...
class FraudModel({base}):
    def route(self, X, names): return 0
"""


def replicas(thing: Any) -> Any:
    spec = thing["spec"]
    return spec.get("replicas") or spec["predictors"][0].get("replicas")


@pytest.mark.parametrize("kind", [["--kind", "seldon", "--child", "a=i", "--child", "b=j"], []])
def test_a_router_that_learns_without_state_has_one_replica_and_says_why(
    folder: Path, kind: list[str]
) -> None:
    router = [*settings("SERVICE_TYPE=ROUTER"), *kind]
    (folder / "FraudModel.py").write_text(LEARNING.format(base="Base"))
    done = run(folder, *router)
    things = [thing for thing in yaml.safe_load_all(done.output) if thing]
    assert replicas(things[0]) == 1
    assert not {"HorizontalPodAutoscaler", "PodDisruptionBudget"} & {thing["kind"] for thing in things}
    assert "# one replica: the router FraudModel learns from feedback (send_feedback)" in done.stdout
    assert "PERSISTENCE=redis" in done.stdout
    chosen = run(folder, *router, "--min-replicas", "3")
    assert "minReplicas: 3" in chosen.stdout
    assert "one replica" not in chosen.output
    (folder / "FraudModel.py").write_text(LEARNING.format(base="object"))
    assert "one replica" not in run(folder, *router).output
    assert "minReplicas: 2" in run(folder, *router).stdout
