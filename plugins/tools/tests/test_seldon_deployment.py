"""A SeldonDeployment: valid, and a graph whose children have containers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from seldon_runtime.plugin import ServiceType

from .manifests import COMPONENTS, manifest, pod_of, settings, validate

SELDON_DEPLOYMENT = Draft202012Validator(
    json.loads(Path(__file__).with_name("seldon_deployment.schema.json").read_text())
)
"""Our own schema: no openly licensed package has the operator's."""


@pytest.mark.parametrize("given", COMPONENTS)
@pytest.mark.parametrize("kind", [kind.value for kind in ServiceType])
def test_a_seldon_deployment_is_valid(folder: Path, given: list[str], kind: str) -> None:
    children = (
        ["--child", "a=example/a:1", "--child", "b=example/b:1"] if kind in ("ROUTER", "COMBINER") else []
    )
    (thing,) = manifest(folder, "--kind", "seldon", *settings(*given, f"SERVICE_TYPE={kind}"), *children)
    SELDON_DEPLOYMENT.validate(thing)
    (predictor,) = thing["spec"]["predictors"]
    (component,) = predictor["componentSpecs"]
    validate(pod_of(component["spec"]))
    assert component["spec"]["containers"][0]["name"] == predictor["graph"]["name"]
    if "hpaSpec" in component:
        scaler = {**component["hpaSpec"], "scaleTargetRef": {"kind": "Deployment", "name": "d"}}
        scaler["metrics"] = scaler.pop("metricsv2")
        validate({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": scaler})
        validate({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": component["pdbSpec"]})


def test_faults_of_a_seldon_deployment_are_found(folder: Path) -> None:
    """The check above can fail."""
    (thing,) = manifest(folder, "--kind", "seldon")
    (predictor,) = thing["spec"]["predictors"]
    predictor["graph"]["typo"] = 1
    predictor["graph"]["type"] = "OUTLIER_DETECTOR"
    predictor["componentSpecs"][0]["hpaSpec"]["minReplicas"] = "2"
    found = sorted(error.json_path for error in SELDON_DEPLOYMENT.iter_errors(thing))
    graph, scaler = "$.spec.predictors[0].graph", "$.spec.predictors[0].componentSpecs[0].hpaSpec"
    assert found == [f"{scaler}.minReplicas", graph, f"{graph}.type"]


def test_what_the_operator_sets_is_left_to_it(folder: Path) -> None:
    given = settings("PREDICTIVE_UNIT_HTTP_SERVICE_PORT=1", *COMPONENTS[-1])
    (thing,) = manifest(folder, "--kind", "seldon", *given)
    (predictor,) = thing["spec"]["predictors"]
    (container,) = predictor["componentSpecs"][0]["spec"]["containers"]
    assert not any(variable["name"].startswith("PREDICTIVE_UNIT") for variable in container["env"])
    assert predictor["graph"]["parameters"] == [{"name": "n", "value": "1", "type": "INT"}]
    assert container["readinessProbe"]["httpGet"]["port"] == 9000


def test_the_children_of_a_graph_have_names_and_containers(folder: Path) -> None:
    children = ["--child", "model-a=example/a:1", "--child", "model-b=example/b:1"]
    (thing,) = manifest(folder, "--kind", "seldon", *settings("SERVICE_TYPE=COMBINER"), *children)
    (predictor,) = thing["spec"]["predictors"]
    assert predictor["graph"]["children"] == [
        {"name": "model-a", "type": "MODEL"},
        {"name": "model-b", "type": "MODEL"},
    ]
    containers = predictor["componentSpecs"][0]["spec"]["containers"]
    assert [(each["name"], each["image"]) for each in containers] == [
        *(("fraud-model", "example/fraud:1"), ("model-a", "example/a:1"), ("model-b", "example/b:1"))
    ]
    (alone,) = manifest(folder, "--kind", "seldon")
    assert "children" not in alone["spec"]["predictors"][0]["graph"]
